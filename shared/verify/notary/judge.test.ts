import { sign } from 'node:crypto';
import { now } from '../../../test/fixtures/ask.ts';
import { digestOf } from '../../../test/fixtures/attached.ts';
import { extension } from '../../../test/fixtures/authority/certificate.ts';
import { flip, makeKey } from '../../../test/fixtures/authority/keys.ts';
import { dn, makeChain, usage } from '../../../test/fixtures/notary/chain.ts';
import {
  byAuthority,
  decide,
  image,
  minute,
  type NotaryQuestion,
  type NotaryTwins,
  notaryEvidence,
  rootIn,
  signPlainly,
  statementOf,
  storeOf,
  testNotaryTwins,
  usualChain,
} from '../../../test/fixtures/notary/decide.ts';
import { notaryLevels } from '../../policy/notary/trust-policy.ts';

const twins = (
  name: string,
  reason: NotaryTwins['reason'],
  wrong: NotaryQuestion,
  message: string,
  right: NotaryQuestion = {},
): NotaryTwins => ({ name, reason, wrong, right, message: new RegExp(message) });
const audit = { levels: notaryLevels.audit };

test('who signed, and until when that holds', () => {
  expect(decide()).toEqual({
    pass: true,
    signers: [
      {
        identity: 'CN=builder,O=acme,ST=WA,C=US',
        issuer: 'CN=CA 1,O=acme',
        attestor: 'attestors[0].entries[0]',
        kind: 'notary',
      },
    ],
    evidence: [notaryEvidence().hash].map(() => expect.any(String)),
    validUntil: now + 10 * minute,
    attestors: [expect.objectContaining({ pass: true })],
  });
});

describe('the signature', () => {
  const p384 = makeChain({ key: 'p384' });
  const rsa = makeChain({ key: 'rsa' });
  const of = (chain: typeof rsa, signing: NotaryQuestion['signing'] = {}): NotaryQuestion => ({
    signing: { chain, ...signing },
    statement: { stores: [rootIn('ca', chain)] },
  });
  const mismatch = 'does not verify with its certificate';
  testNotaryTwins([
    twins('is over something else', 'signature-mismatch', { signing: { message: Buffer.from('other') } }, mismatch),
    twins(
      'is by another key',
      'signature-mismatch',
      { signing: { sign: (message) => signPlainly(message, makeKey()) } },
      mismatch,
    ),
    twins('is damaged', 'signature-mismatch', { signing: { sign: (...all) => flip(signPlainly(...all)) } }, mismatch),
    twins(
      'is by another algorithm than goes with the key',
      'signature-mismatch',
      of(p384, {
        algorithm: 'ES256',
        sign: (message, key) => sign('sha256', message, { key: key.privateKey, dsaEncoding: 'ieee-p1363' }),
      }),
      mismatch,
      of(p384),
    ),
    twins('says another algorithm', 'signature-mismatch', of(rsa, { algorithm: 'PS384' }), mismatch, of(rsa)),
    twins(
      'is ECDSA in DER',
      'signature-mismatch',
      { signing: { sign: (message, { privateKey }) => sign('sha256', message, privateKey) } },
      mismatch,
    ),
    twins(
      'is RSA by PKCS #1 v1.5',
      'signature-mismatch',
      of(rsa, { sign: (message, { privateKey }) => sign('sha256', message, privateKey) }),
      mismatch,
      of(rsa),
    ),
    twins(
      'has a salt of another length than the hash',
      'signature-mismatch',
      of(rsa, {
        sign: (message, { privateKey }) => sign('sha256', message, { key: privateKey, padding: 6, saltLength: 20 }),
      }),
      mismatch,
      of(rsa, {
        sign: (message, { privateKey }) => sign('sha256', message, { key: privateKey, padding: 6, saltLength: 32 }),
      }),
    ),
  ]);

  test('of integrity no level lets anything pass', () => {
    expect(decide({ signing: { message: Buffer.from('other') }, statement: audit })).toMatchObject({ pass: false });
    expect(decide({ signing: { chain: makeChain({ leaf: { extensions: [] } }) }, statement: audit })).toMatchObject({
      pass: false,
      reason: 'certificate-usage',
    });
  });
});

describe('the image that it is for', () => {
  const digest = digestOf(Buffer.from('another'));
  const claims = (annotations: Record<string, unknown>) => ({ claims: [{ digest: image.digest, annotations }] });
  testNotaryTwins([
    twins('another digest', 'other-image', { signing: { claims: [{ digest, annotations: {} }] } }, 'is for sha256:'),
    twins(
      'another size',
      'other-image',
      { signing: { artifact: { size: 5 } } },
      "is for the image's digest as one of 5 bytes",
    ),
    twins(
      'another media type',
      'other-image',
      { signing: { artifact: { mediaType: 'application/x' } } },
      'as one of media type "application/x"',
    ),
    twins(
      'of no known media type',
      'other-image',
      { image: { digest: image.digest, bytes: image.bytes } },
      'the image is of ""',
    ),
    twins(
      "without the user's metadata",
      'annotation-mismatch',
      { annotations: { team: 'a' }, signing: claims({ team: 'b' }) },
      'lacks the annotation team=a',
      { annotations: { team: 'a' }, signing: claims({ team: 'a', also: 'this' }) },
    ),
  ]);
  test('no level lets another pass', () => {
    expect(decide({ signing: { artifact: { size: 5 } }, statement: audit })).toMatchObject({ reason: 'other-image' });
  });
});

describe('attributes beyond the specification', () => {
  const extended = (name: string, critical: boolean, value: string | undefined = 'x') => ({ name, critical, value });
  const having = (...all: ReturnType<typeof extended>[]): NotaryQuestion => ({
    signing: { attributes: { extended: all } },
  });
  const plugin = 'io.cncf.notary.verificationPlugin';
  testNotaryTwins([
    twins(
      'a critical one',
      'attribute-unknown',
      having(extended('com.acme.level', true)),
      'has the critical attribute "com.acme.level", which is not understood',
      having(extended('com.acme.level', false)),
    ),
    twins(
      'a version of no plugin',
      'attribute-unknown',
      having(extended(`${plugin}MinVersion`, true, '1.0.0')),
      'has the critical attribute "io.cncf.notary.verificationPluginMinVersion"',
    ),
    twins('a plugin', 'attribute-unknown', having(extended(plugin, true, 'acme')), 'asks for the plugin "acme"'),
    twins('a plugin, not critically', 'attribute-unknown', having(extended(plugin, false, 'acme')), 'not critical'),
    twins('a blank plugin', 'attribute-unknown', having(extended(plugin, true, ' ')), 'is no text'),
    twins(
      'one twice',
      'attribute-unknown',
      having(extended('a', false), extended('a', false)),
      'has the attribute "a" twice',
    ),
  ]);
  test('no level lets one pass', () => {
    expect(decide({ ...having(extended('a', true)), statement: audit })).toMatchObject({ reason: 'attribute-unknown' });
    expect(decide({ ...having(extended(plugin, true)), statement: audit })).toMatchObject({
      reason: 'attribute-unknown',
    });
  });
});

describe('whom the statement trusts', () => {
  const other = makeChain();
  const authority = { signing: { attributes: byAuthority } };
  testNotaryTwins([
    twins(
      'another root',
      'certificate-untrusted',
      { statement: { stores: [rootIn('ca', other)] } },
      'has no certificate of a store ca of the trust policy "acme" in its chain: its own has the subject "CN=builder,O=acme,ST=WA,C=US" and the issuer "CN=CA 1,O=acme"',
      { statement: { stores: [rootIn('ca', other), rootIn('ca')] } },
    ),
    twins(
      'an intermediate alone',
      'certificate-untrusted',
      { statement: { stores: [storeOf('ca', other.certificates.slice(1, 2))] } },
      'no certificate of a store ca of',
      { statement: { stores: [storeOf('ca', usualChain.certificates.slice(1, 2))] } },
    ),
    twins(
      'a CA, and a signing authority signed',
      'certificate-untrusted',
      authority,
      'of the scheme notary.x509.signingAuthority, and the trust policy "acme" has no store signingAuthority',
      { ...authority, statement: { stores: [rootIn('signingAuthority')] } },
    ),
    twins(
      'a signing authority, and none signed',
      'certificate-untrusted',
      { statement: { stores: [rootIn('signingAuthority')] } },
      'the trust policy "acme" has no store ca',
    ),
    twins(
      'a time-stamp authority alone',
      'certificate-untrusted',
      { statement: { stores: [rootIn('tsa')] } },
      'the trust policy "acme" has no store ca',
    ),
  ]);

  test("a rule's own certificates are a store, and may be the signer's own", () => {
    for (const { pem } of usualChain.certificates) expect(decide({ by: { certificates: pem } }).pass).toBe(true);
    expect(decide({ by: { certificates: other.certificates[0]?.pem ?? '' } })).toMatchObject({
      reason: 'certificate-untrusted',
      message: expect.stringContaining("has none of the attestor's certificates in its chain: its own has"),
    });
    expect(decide({ ...authority, by: { certificates: usualChain.certificates[2]?.pem ?? '' } })).toMatchObject({
      reason: 'certificate-untrusted',
      message: expect.stringContaining('certificates in a rule are for notary.x509 alone'),
    });
  });

  test('a certificate that the signer made up under the name of a CA counts for nothing', () => {
    const [, , root] = usualChain.certificates;
    const key = makeKey();
    const forged = makeChain({
      length: 2,
      leaf: { issuer: root?.subject ?? dn(), signer: key, extensions: [usage(['digitalSignature'])] },
      under: usualChain,
    });
    expect(decide({ signing: { chain: forged } })).toMatchObject({ reason: 'certificate-usage' });
    const audited = decide({ signing: { chain: forged }, statement: audit });
    expect(audited).toMatchObject({ pass: false, reason: 'certificate-usage' });
    expect(decide({ signing: { chain: makeChain({ length: 2, under: usualChain }) } }).pass).toBe(true);
  });
});

describe('which statement', () => {
  const nobody = { stores: [rootIn('ca', makeChain())] };
  const of = (...statements: Parameters<typeof statementOf>[0][]): NotaryQuestion => ({
    by: { trust: { statements: statements.map(statementOf) } },
  });
  const ours = { scopes: new Set(['registry.test/team/app']) };
  const others = { scopes: new Set(['registry.test/team', 'registry.test/team/app/x', 'registry.test/*']) };
  testNotaryTwins([
    twins(
      'none',
      'trust-policy-missing',
      of(others),
      '^no statement of the trust policy is about "registry.test/team/app"$',
      of(ours),
    ),
    twins(
      'the one for all',
      'certificate-untrusted',
      of(others, nobody),
      'no certificate of a store ca of',
      of(others, {}),
    ),
    twins(
      'one that names it, wherever it stands',
      'certificate-untrusted',
      of({}, { ...ours, ...nobody }),
      'no certificate of a store ca of',
      of(nobody, ours),
    ),
  ]);

  test('one that asks for nothing', () => {
    const skip = { levels: 'skip', stores: [] } as const;
    const passed = decide({ ...of({ ...ours, ...skip }, nobody), evidence: [] });
    expect(passed).toMatchObject({
      pass: true,
      signers: [],
      attestors: [{ children: [{ message: 'the trust policy "acme" asks for no signature (skip)' }] }],
    });
    expect(decide({ ...of({ ...others, ...skip }, {}), evidence: [] })).toMatchObject({
      pass: false,
      reason: 'no-signature',
    });
  });
});

describe('levels', () => {
  const untrusted: NotaryQuestion = { statement: { stores: [rootIn('ca', makeChain())] } };
  const stranger: NotaryQuestion = {
    statement: { identities: [{ kind: 'subject', text: '', attributes: new Map([['CN', 'x']]) }] },
  };
  const over: NotaryQuestion = { signing: { attributes: { expiry: now } } };
  const late: NotaryQuestion = { at: Date.parse('2027-06-01T00:00:00Z') };
  const revoked: NotaryQuestion = { revocation: () => ({ status: 'revoked', message: 'CN=x', until: now + minute }) };
  const unknown: NotaryQuestion = { revocation: () => ({ status: 'unknown', message: 'CN=x', until: now + minute }) };
  const cases = { untrusted, stranger, over, late, revoked, unknown };
  const passing = {
    strict: [],
    permissive: ['over', 'late', 'revoked', 'unknown'],
    audit: ['untrusted', 'stranger', 'over', 'late', 'revoked', 'unknown'],
  } as const;

  test.each(Object.keys(passing) as (keyof typeof passing)[])('%s', (level) => {
    for (const [name, question] of Object.entries(cases)) {
      const outcome = decide({ ...question, statement: { ...question.statement, levels: notaryLevels[level] } });
      const passes = (passing[level] as readonly string[]).includes(name);
      expect([name, outcome.pass]).toEqual([name, passes]);
      if (outcome.pass)
        expect(outcome.notes).toEqual([
          expect.stringMatching(/^the trust policy "acme" only warns of this: a signature /),
        ]);
    }
  });

  test.each([
    ['authenticity', untrusted],
    ['expiry', over],
    ['authenticTimestamp', late],
    ['revocation', revoked],
  ] as const)('%s alone', (name, question) => {
    const asks = (levels: object) =>
      decide({ ...question, statement: { ...question.statement, levels: { ...notaryLevels.strict, ...levels } } });
    expect(asks({ [name]: 'log' }).pass).toBe(true);
    expect(asks({}).pass).toBe(false);
  });

  test('several failures are several notes', () => {
    const outcome = decide({ ...over, ...revoked, statement: { levels: notaryLevels.permissive } });
    expect(outcome.pass && outcome.notes).toEqual([
      'the trust policy "acme" only warns of this: a signature says that it holds until 2026-01-01T00:00:00.000Z, and that is over',
      'the trust policy "acme" only warns of this: a signature is good but for its revocation: CN=x',
    ]);
  });
});

test('who has a good signature is not warned of another one, in whichever order they are found', () => {
  const expired = notaryEvidence({ attributes: { expiry: now } });
  const stranger = notaryEvidence({ chain: makeChain() });
  const statement = { levels: notaryLevels.audit };
  for (const evidence of [
    [expired, notaryEvidence()],
    [notaryEvidence(), expired],
    [stranger, notaryEvidence()],
  ])
    expect(decide({ statement, evidence })).not.toHaveProperty('notes');
  expect(decide({ statement, evidence: [stranger, expired] })).toMatchObject({
    pass: true,
    notes: [expect.stringContaining('has no certificate of a store ca of the trust policy')],
  });
  expect(decide({ statement, evidence: [expired] })).toMatchObject({
    pass: true,
    notes: [expect.stringContaining('holds until')],
  });
});

test('of several signatures any may pass, and the one that came furthest is told', () => {
  const broken = notaryEvidence({ message: Buffer.from('other') });
  const over = notaryEvidence({ attributes: { expiry: now } });
  expect(decide({ evidence: [broken, over] })).toMatchObject({ reason: 'signature-expired' });
  expect(decide({ evidence: [broken, over, notaryEvidence()] })).toMatchObject({ pass: true });
});

test('an extension that does not parse throws nothing', () => {
  const junk = extension('2.5.29.15', Buffer.of(0xff), true);
  expect(decide({ signing: { chain: makeChain({ leaf: { extensions: [junk] } }) } })).toMatchObject({
    pass: false,
    reason: 'certificate-usage',
  });
});
