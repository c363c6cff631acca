import { coseTime, type EnvelopeRequest, notary } from '../../../local/signer/notary.ts';
import { makeNotaryChain, notaryItem, signedAt, withEntries } from '../../../test/fixtures/notary.ts';
import { readEvidence } from '../read.ts';
import type { NotaryAttributes } from './attributes.ts';
import { loadNotaryReader } from './lazy.ts';

beforeAll(loadNotaryReader);

const { signer } = makeNotaryChain();

type Request = Partial<EnvelopeRequest>;
type Entry = readonly [name: string | number, value: unknown];

/** What an envelope comes to: its attributes, or why it is none. */
function read(request: Request): NotaryAttributes | string {
  const { evidence, rejected } = readEvidence([notaryItem({ signer, ...request })]);
  const [one] = evidence;
  if (one?.kind !== 'notary-signature' || one.signed.format !== 'notary') return rejected[0]?.message ?? 'nothing';
  return one.signed.attributes;
}

const scheme = 'io.cncf.notary.signingScheme';
const signingTime = 'io.cncf.notary.signingTime';
const authentic = 'io.cncf.notary.authenticSigningTime';
const expiryName = 'io.cncf.notary.expiry';
const authority = 'notary.x509.signingAuthority';
const expiry = new Date('2027-01-01T00:00:00Z');
const earlier = new Date('2025-06-01T00:00:00Z');

const forms = {
  jws: { alg: 'alg', crit: 'crit', cty: 'cty', certificates: 'x5c', time: (at: Date) => at.toISOString() },
  cose: { alg: 1, crit: 2, cty: 3, certificates: 33, time: coseTime },
} as const;

describe.each(['jws', 'cose'] as const)('the signed attributes of %s', (format) => {
  const { alg, crit, cty, certificates, time } = forms[format];
  const changed = (entries: readonly Entry[], request: Request = {}) =>
    read({ format, ...request, changes: { signed: withEntries(...entries) } });

  test('a signer says when it signed', () => {
    expect(read({ format })).toEqual({
      scheme: 'notary.x509',
      signingTime: signedAt.getTime(),
      authenticSigningTime: undefined,
      expiry: undefined,
      extended: [],
    });
  });

  test('a signing authority is believed when it says so', () => {
    expect(read({ format, scheme: authority, expiry })).toEqual({
      scheme: authority,
      signingTime: undefined,
      authenticSigningTime: signedAt.getTime(),
      expiry: expiry.getTime(),
      extended: [],
    });
  });

  test('what else is signed is kept, with what is critical of it', () => {
    const attributes = [
      { name: notary.plugin, value: 'com.acme.plugin', critical: true },
      { name: notary.pluginVersion, value: '1.0.0', critical: true },
      { name: 'com.acme.build', value: 'b7' },
      { name: 'com.acme.number', value: 7, critical: true },
      { name: '__proto__', value: 'x' },
      { name: 'io.cncf.notary.timestampSignature', value: 'x' },
    ];
    const read = changed([], { attributes });
    const extended = typeof read === 'string' ? [] : read.extended;
    expect(new Map(extended.map(({ name, value, critical }) => [name, [value, critical]]))).toEqual(
      new Map<string, unknown>([
        [notary.plugin, ['com.acme.plugin', true]],
        [notary.pluginVersion, ['1.0.0', true]],
        ['com.acme.build', ['b7', false]],
        ['com.acme.number', [undefined, true]],
        ['__proto__', ['x', false]],
        ['io.cncf.notary.timestampSignature', ['x', false]],
      ]),
    );
  });

  const many = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `com.acme.${at}`, value: 'x' }));
  test('of a bounded number', () => {
    expect(read({ format, attributes: many(64) })).toMatchObject({ scheme: 'notary.x509' });
    expect(read({ format, attributes: many(65) })).toMatch('over 64 attributes');
  });

  const none = undefined;
  const rules: readonly [string, readonly Entry[], RegExp, Request?][] = [
    ['no algorithm', [[alg, none]], /algorithm is none of the Notary Project's/],
    ['no content type', [[cty, none]], /content type is not application\/vnd\.cncf\.notary\.payload\.v1\+json/],
    ['another content type', [[cty, 'application/json']], /content type is not/],
    ['a content type in capitals', [[cty, notary.payload.toUpperCase()]], /content type is not/],
    ['no scheme', [[scheme, none]], /signingScheme is no known signing scheme/],
    ['another scheme', [[scheme, 'notary.x509.other']], /signingScheme is no known signing scheme/],
    ['a scheme that is no text', [[scheme, 1]], /signingScheme is no known signing scheme/],
    ['certificates that are signed', [[certificates, ['x']]], /certificates are in the protected header/],
    ['no signing time', [[signingTime, none]], /signingTime is missing, which the scheme notary\.x509 asks for/],
    ['an authentic time of a signer', [[authentic, time(signedAt)]], /does not go with the scheme notary\.x509/],
    ['no authentic time', [[authentic, none]], /authenticSigningTime is missing/, { scheme: authority }],
    ['a signing time of an authority', [[signingTime, time(signedAt)]], /does not go with/, { scheme: authority }],
    ['an expiry when it is signed', [[expiryName, time(signedAt)]], /expiry is not after/, { expiry }],
    ['an expiry before it is signed', [[expiryName, time(earlier)]], /expiry is not after/, { expiry }],
    ['the same by an authority', [[expiryName, time(earlier)]], /expiry is not after/, { expiry, scheme: authority }],
    ['no list of what is critical', [[crit, none]], /lists nothing as critical/],
    ['an empty list', [[crit, []]], /lists nothing as critical/],
    ['no list but a text', [[crit, scheme]], /lists nothing as critical/],
    ['a critical name that is not there', [[crit, [scheme, 'com.acme.missing']]], /that it does not have/],
    ['a critical name twice', [[crit, [scheme, scheme]]], /critical twice/],
    ['what is critical is no name', [[crit, [scheme, ['x']]]], /no name/],
    [
      'a scheme that is not critical',
      [
        ['com.acme', 'x'],
        [crit, ['com.acme']],
      ],
      /signingScheme is not critical/,
    ],
    ['an expiry that is not critical', [[crit, [scheme]]], /expiry is not critical/, { expiry }],
    [
      'an authentic time that is not',
      [[crit, [scheme]]],
      /authenticSigningTime is not critical/,
      { scheme: authority },
    ],
    ['a name in another case', [['io.cncf.notary.Expiry', time(expiry)]], /expiry in another spelling/],
    ['a name with a letter that Go takes for another', [['io.cncf.notary.ſigningTime', 'x']], /another spelling/],
  ];
  test.each(rules)('%s', (_, entries, message, request = {}) => {
    expect(read({ format, ...request })).toMatchObject({ scheme: request.scheme ?? 'notary.x509' });
    expect(changed(entries, request)).toMatch(message);
  });
});

describe('algorithms', () => {
  test.each(['RS256', 'HS256', 'none', 'EdDSA', 'ES256K', 'es256', '', 1, null])('JWS: %j is none', (alg) => {
    expect(read({ changes: { signed: withEntries(['alg', alg]) } })).toMatch(/algorithm is none/);
  });
  // RS256, HMAC, EdDSA, ES256K, and the JWS name.
  test.each([-257, 5, -8, -47, 'ES256', 0])('COSE: %j is none', (alg) => {
    expect(read({ format: 'cose', changes: { signed: withEntries([1, alg]) } })).toMatch(/algorithm is none/);
  });
});

describe('JWS: what is critical', () => {
  test.each(['alg', 'cty', 'crit', signingTime])('%s never is', (name) => {
    expect(read({ changes: { signed: withEntries(['crit', [scheme, name]]) } })).toMatch(/critical that never is/);
  });
  test.each(['ALG', 'Crit', 'CTY'])('%s is another spelling', (name) => {
    expect(read({ changes: { signed: withEntries([name, 'ES256']) } })).toMatch(/in another spelling/);
  });
});

describe('JWS: a time', () => {
  const at = (text: unknown) => read({ changes: { signed: withEntries([signingTime, text]) } });
  test.each([
    ['2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1)],
    ['2026-01-01T08:00:00+08:00', Date.UTC(2026, 0, 1)],
    ['2025-12-31T16:30:00-07:30', Date.UTC(2026, 0, 1)],
    ['2026-01-01T00:00:00.123456789Z', Date.UTC(2026, 0, 1) + 123],
    ['2024-02-29T23:59:59.5+00:00', Date.UTC(2024, 1, 29, 23, 59, 59, 500)],
    ['1969-12-31T23:59:59Z', -1000],
  ])('%s', (text, signingTime) => {
    expect(at(text)).toMatchObject({ signingTime });
  });
  test.each([
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01t00:00:00z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00,5Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+0800',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    ' 2026-01-01T00:00:00Z',
    '12026-01-01T00:00:00Z',
    '',
    1_767_225_600,
    null,
    {},
  ])('%j is none', (text) => {
    expect(at(text)).toMatch(/signingTime is no time \(RFC 3339\)/);
  });
});
