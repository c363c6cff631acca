import { ia5, octets, printable, utf8 } from '../../../test/fixtures/authority/der.ts';
import { builder, dn, makeChain, type NotaryChain } from '../../../test/fixtures/notary/chain.ts';
import { decide, rootIn, usualChain } from '../../../test/fixtures/notary/decide.ts';
import type { NotaryIdentity } from '../../policy/notary/trust-policy.ts';

const subject = (attributes: Readonly<Record<string, string>>): NotaryIdentity => ({
  kind: 'subject',
  text: `x509.subject:${Object.entries(attributes).map((one) => one.join('='))}`,
  attributes: new Map(Object.entries(attributes)),
});
const acme = { C: 'US', ST: 'WA', O: 'acme' };

function asked(identities: readonly NotaryIdentity[] | 'any', chain: NotaryChain = usualChain) {
  return decide({ signing: { chain }, statement: { identities, stores: [rootIn('ca', chain)] } });
}
const named = (name: Buffer) => makeChain({ leaf: { subject: name } });

test.each<[string, readonly NotaryIdentity[], boolean]>([
  ['all of it', [subject({ ...acme, CN: 'builder' })], true],
  ['a part of it', [subject(acme)], true],
  ['one of several', [subject({ ...acme, CN: 'x' }), subject({ ...acme, CN: 'builder' })], true],
  ['another value', [subject({ ...acme, CN: 'Builder' })], false],
  ['an attribute that it lacks', [subject({ ...acme, L: 'Seattle' })], false],
  ['a name in another case', [subject({ ...acme, cn: 'builder' })], false],
  ['a part of a value', [subject({ ...acme, CN: 'build' })], false],
  ['a wildcard in a value', [subject({ ...acme, CN: '*' })], false],
])('%s', (_, identities, passes) => {
  const outcome = asked(identities);
  expect(outcome.pass).toBe(passes);
  if (!outcome.pass) {
    expect(outcome).toMatchObject({ reason: 'identity-untrusted' });
    expect(outcome.message).toContain('is by "CN=builder,O=acme,ST=WA,C=US", who is none of the trusted identities');
  }
});

test('who is trusted is told, up to three of them', () => {
  const others = ['a', 'b', 'c', 'd', 'e'].map((CN) => subject({ ...acme, CN }));
  const told = (of: readonly NotaryIdentity[]) => {
    const outcome = asked(of);
    return outcome.pass ? '' : outcome.message;
  };
  expect(told(others.slice(0, 1))).toContain('of the trust policy "acme": "x509.subject:C=US,ST=WA,O=acme,CN=a" (');
  expect(told(others)).toContain('"x509.subject:C=US,ST=WA,O=acme,CN=c" and 2 more (');
});

test.each<[string, Buffer, RegExp]>([
  ['no state', dn(['C', 'US'], ['O', 'acme']), /the subject has no ST, and must have C, ST and O/],
  ['no country', dn(['ST', 'WA'], ['O', 'acme']), /has no C,/],
  ['no organization', dn(['C', 'US'], ['ST', 'WA']), /has no O,/],
  ['an empty organization', dn(['C', 'US'], ['ST', 'WA'], ['O', '']), /has no O,/],
  ['two units', dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['OU', 'a'], ['OU', 'b']), /several of the attribute OU/],
  ['two organizations', dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['O', 'acme']), /several of the attribute O/],
  [
    'an e-mail address',
    dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['1.2.840.113549.1.9.1', ia5('a@acme.test')]),
    /an attribute 1\.2\.840\.113549\.1\.9\.1/,
  ],
  [
    'a domain',
    dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['0.9.2342.19200300.100.1.25', ia5('acme')]),
    /an attribute 0\.9\.2342/,
  ],
  ['the characters =#', dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['CN', 'a=#b']), /the characters =#/],
])('a subject with %s is nobody but of any', (_, name, message) => {
  const chain = named(name);
  const denied = asked([subject({ C: 'US', ST: 'WA', O: 'acme' })], chain);
  expect(denied).toMatchObject({ pass: false, reason: 'identity-untrusted' });
  expect(denied.pass || denied.message).toMatch(message);
  expect(asked('any', chain).pass).toBe(true);
});

test.each<[string, Buffer, string]>([
  ['in any order', dn(['CN', 'x'], ['O', 'acme'], ['C', 'US'], ['ST', 'WA']), 'CN=x,O=acme,ST=WA,C=US'],
  ['with a PrintableString', dn(['C', printable('US')], ['ST', printable('WA')], ['O', 'acme']), 'O=acme,ST=WA,C=US'],
  [
    'with two common names, the last of which counts',
    dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['CN', 'a'], ['CN', 'b']),
    'CN=b,O=acme,ST=WA,C=US',
  ],
  [
    'with characters to escape',
    dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['CN', ' a, "b" ']),
    'CN=\\ a\\, \\"b\\"\\ ,O=acme,ST=WA,C=US',
  ],
])('a subject %s', (_, name, text) => {
  const outcome = asked([subject(acme)], named(name));
  expect(outcome).toMatchObject({ pass: true, signers: [{ identity: text }] });
});

test('escaped characters are compared as they are', () => {
  const chain = named(dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme, Inc.'], ['CN', '#1']));
  expect(asked([subject({ C: 'US', ST: 'WA', O: 'acme, Inc.', CN: '#1' })], chain).pass).toBe(true);
  expect(asked([subject({ C: 'US', ST: 'WA', O: 'acme\\, Inc.' })], chain).pass).toBe(false);
});

test('whom a CA names counts for nothing', () => {
  const chain = makeChain({ leaf: { subject: dn(['CN', 'mallory']) }, intermediate: { subject: builder }, root: {} });
  expect(asked([subject(acme)], chain).pass).toBe(false);
});

test('a name that is no text counts for nothing, and throws nothing', () => {
  for (const value of [octets(Buffer.from('x')), utf8('x').fill(0xff, 2)]) {
    expect(asked('any', named(dn(['CN', value])))).toMatchObject({ pass: false, reason: 'certificate-usage' });
  }
});

test('a signer without a name is told by the key', () => {
  expect(asked('any', named(dn()))).toMatchObject({
    signers: [{ identity: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) }],
  });
});

test('without an x509.subject nobody is trusted', () => {
  const arn = 'arn:aws:signer:us-west-2:000000000000:/signing-profiles/acme';
  const denied = asked([{ kind: 'aws-signer-profile', arn }]);
  expect(denied.pass || denied.message).toMatch(/no x509.subject among its identities/);
});
