import { type NotaryStatement, notaryLevels } from '../../shared/policy/notary/trust-policy.ts';
import { now } from '../fixtures/ask.ts';
import { digestOf } from '../fixtures/attached.ts';
import { makeKey } from '../fixtures/authority/keys.ts';
import { cpuOf } from '../fixtures/cpu.ts';
import { dn, makeChain } from '../fixtures/notary/chain.ts';
import {
  byAuthority,
  decide,
  good,
  image,
  minute,
  type NotaryQuestion,
  notaryEvidence,
  rootIn,
  usualChain,
} from '../fixtures/notary/decide.ts';

/** Published flaws of who verifies Notary signatures, by their names in peers.md, and what its tools accept against the specification. */
const acme = { C: 'US', ST: 'WA', O: 'acme' };
const trusting = (attributes: Readonly<Record<string, string>>): Partial<NotaryStatement> => ({
  identities: [{ kind: 'subject', text: '', attributes: new Map(Object.entries(attributes)) }],
});

function expectTwins(wrong: NotaryQuestion, reason: string, right: NotaryQuestion): void {
  expect(decide(wrong)).toMatchObject({ pass: false, reason });
  expect(decide(right)).toMatchObject({ pass: true });
}

describe('C7 CVE-2023-33959: what was fetched is what was signed', () => {
  test.each([
    ['digest', { claims: [{ digest: digestOf(Buffer.from('another')), annotations: {} }] }],
    ['size', { artifact: { size: image.bytes.length + 1 } }],
    ['media type', { artifact: { mediaType: 'application/vnd.oci.image.index.v1+json' } }],
  ])('another %s', (_, signing) => {
    expectTwins({ signing }, 'other-image', {});
  });
});

describe('D1 CVE-2023-25656: a subject with =# in it is nobody', () => {
  test.each<[string, Buffer]>([
    [
      'an attribute that Go writes so',
      dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['1.2.3', Buffer.from('1303612f62', 'hex')]),
    ],
    ['a value that has it', dn(['C', 'US'], ['ST', 'WA'], ['O', 'acme'], ['CN', 'x=#04024869'])],
  ])('%s', (_, subject) => {
    const under = usualChain;
    const wrong = { signing: { chain: makeChain({ leaf: { subject }, under }) }, statement: trusting(acme) };
    expectTwins(wrong, 'identity-untrusted', { signing: { chain: makeChain({ under }) }, statement: trusting(acme) });
  });
});

describe('D1 CVE-2023-33957, CVE-2023-42813: more to look at than anybody should', () => {
  const junk = (length: number) => makeChain({ length, authorities: 'p384' });
  const evidence = [junk(10), junk(3), makeChain()].flatMap((chain) =>
    Array.from({ length: 40 }, () => notaryEvidence({ chain })),
  );
  test('signatures by chains that nobody trusts cost little', () => {
    const cpu = cpuOf(() => {
      expect(decide({ evidence })).toMatchObject({ pass: false, reason: 'certificate-untrusted' });
    });
    expect(cpu).toBeLessThan(1000);
  });
  test('nor do those that have the root of a store with them', () => {
    const chain = junk(9);
    const root = usualChain.certificates.slice(-1);
    const certificates = [...chain.certificates, ...root].map(({ der }) => der);
    const forged = Array.from({ length: 40 }, () => notaryEvidence({ chain, certificates }));
    const cpu = cpuOf(() => {
      expect(decide({ evidence: forged })).toMatchObject({ pass: false, reason: 'certificate-usage' });
    });
    expect(cpu).toBeLessThan(500);
  });
  test('one that is good among them is found', () => {
    expect(decide({ evidence: [...evidence, notaryEvidence()] })).toMatchObject({ pass: true });
  });
  test('keys that take long to check are not checked', () => {
    const slow = makeChain({ length: 2, root: { spki: makeKey('rsa', 1024).spki } });
    expect(decide({ signing: { chain: slow } })).toMatchObject({ reason: 'certificate-usage' });
  });
});

describe('what notation accepts and the specification does not', () => {
  const attribute = (critical: boolean) => ({
    signing: { attributes: { extended: [{ name: 'com.acme.review', value: 'x', critical }] } },
  });
  test('a critical attribute that nobody understands', () => {
    expectTwins(attribute(true), 'attribute-unknown', attribute(false));
  });
  test('a certificate for any purpose', () => {
    const anyPurpose = Buffer.from('300f0603551d250408300606042a030405', 'hex');
    const any = Buffer.from('300f0603551d250408300606045 51d2500'.replace(' ', ''), 'hex');
    const chain = (extension: Buffer) =>
      makeChain({
        leaf: { extensions: [Buffer.from('300e0603551d0f0101ff040403020780', 'hex'), extension] },
        under: usualChain,
      });
    expectTwins({ signing: { chain: chain(any) } }, 'certificate-usage', { signing: { chain: chain(anyPurpose) } });
  });
});

test('a signing time that the signer writes proves nothing: not before a certificate ended, nor before it was revoked', () => {
  const at = Date.parse('2027-06-01T00:00:00Z');
  const early = { attributes: { signingTime: now } };
  expectTwins({ signing: early, at }, 'certificate-expired', { signing: early });
  const asked: unknown[] = [];
  decide({
    signing: early,
    revocation: (question) => {
      asked.push(question);
      return good();
    },
  });
  expect(asked).toEqual([expect.objectContaining({ signedAt: undefined })]);
});

test('a store of a CA is none of a signing authority, whose word on the time is believed', () => {
  const at = Date.parse('2027-06-01T00:00:00Z');
  const signing = { attributes: { ...byAuthority, authenticSigningTime: now } };
  expectTwins({ signing, at }, 'certificate-untrusted', {
    signing,
    at,
    statement: { stores: [rootIn('signingAuthority')] },
  });
});

test('an answer that nobody has given yet is no pass, however lenient the level', () => {
  const statement = { levels: notaryLevels.audit };
  expectTwins({ statement, revocation: () => undefined }, 'revocation-unavailable', {
    statement,
    revocation: () => ({ status: 'unknown', message: 'x', until: now + minute }),
  });
});
