import { makeAuthority } from '../../../test/fixtures/authority/authority.ts';
import { codeSigning, serverAuth } from '../../../test/fixtures/authority/certificate.ts';
import { type AuthorityKeyType, flip, makeKey } from '../../../test/fixtures/authority/keys.ts';
import { certificateFor, type Stamp } from '../../../test/fixtures/authority/signing.ts';
import {
  makeTimestampAuthority,
  type TimestampAuthority,
  type TimestampAuthorityOptions,
} from '../../../test/fixtures/authority/tsa.ts';
import { attestingCarriers, type Carrier, carriers, holdsSeveral, trustIn } from '../../../test/fixtures/carriers.ts';
import { keysOf } from '../../../test/fixtures/entries.ts';
import { makeSigner } from '../../../test/fixtures/signers.ts';
import {
  byWorkflow,
  decide,
  type Question,
  type Twins,
  testTwins,
  usual,
  workflow,
} from '../../../test/fixtures/twins.ts';

const other = makeAuthority();
const { timestampAuthority: usualStamper } = usual;
const { notBefore, notAfter } = usual.ca.root;
const minute = 60_000;
const moment = (milliseconds: number) => new Date(usual.at.getTime() + milliseconds);

/** Where the time stamp alone tells the time: by Rekor v2, and in a layer, where the log is ignored. */
const kinds = [...carriers, ...attestingCarriers].filter(({ stamped }) => stamped);
const alone: Question = workflow({ rekor: { ignoreTlog: true } });
const stamped = (changes: Stamp, question: Question = {}): Question => ({
  ...alone,
  signing: { stamps: [changes] },
  ...question,
});
const made = (options: Partial<TimestampAuthorityOptions> = {}) =>
  makeTimestampAuthority({ organization: 'own.test', notBefore, notAfter, ...options });

/** By an authority that is listed with these certificates; its whole chain by default. */
function by(
  authority: TimestampAuthority,
  changes: Stamp = {},
  listed = authority.chain,
  window: { start: Date; end?: Date } = { start: notBefore },
): Question {
  const root = trustIn(usual, { timestampAuthorities: [{ chain: listed, validFor: window }] });
  return { ...stamped({ by: authority, ...changes }), root };
}
const rootOf = ({ root }: TimestampAuthority) => [root];

const good = stamped({});
const twins = (name: string, wrong: Question, problem: string, right = good): Twins => ({
  name,
  wrong,
  right,
  reason: 'timestamp-mismatch',
  message: new RegExp(`^a signature has a time stamp, and ${problem}$`),
});
const bad = (name: string, changes: Stamp, problem: string, right: Stamp = {}) =>
  twins(name, stamped(changes), problem, stamped(right));
const foreign = 'it is of no authority that is believed';
const wrongSignature = 'its signature does not verify';
const parses = 'it does not parse';
const content = 'its signature is of other content';

describe('what is stamped', () => {
  testTwins(
    [
      bad('other bytes', { over: Buffer.from('other') }, 'it is of other bytes'),
      bad('another imprint', { imprint: Buffer.alloc(32) }, 'it is of other bytes'),
      bad('an imprint by SHA-1', { imprintHash: 'sha1' }, parses, { imprintHash: 'sha512' }),
      bad('signed about something else', { messageDigest: Buffer.alloc(32) }, content),
      bad('signed as something else', { attributeType: '1.2.840.113549.1.7.1' }, content),
      bad('something else', { contentType: '1.2.840.113549.1.7.1' }, parses),
      bad('signed without its digest', { without: ['messageDigest'] }, parses),
      bad('signed without its type', { without: ['contentType'] }, parses),
      bad('signed by SHA-1', { hash: 'sha1' }, parses, { hash: 'sha384' }),
      bad('a refusal', { status: 2 }, parses, { status: 1 }),
      bad('nothing', { tokenless: true }, parses),
      bad('by another key', { key: makeKey() }, wrongSignature),
      bad(
        'with a signature that is wrong',
        { signature: (bytes) => flip(bytes) },
        '(?:its signature does not verify|it does not parse)',
      ),
      bad('of a time that there is not', { fraction: '.5x' }, parses, { fraction: '.999999' }),
      bad('meaning another certificate', { signingCertificate: usual.ca.root }, foreign, {
        without: ['signingCertificate'],
      }),
      bad('under the name of another certificate', { signer: { serial: Buffer.from([1]) } }, foreign),
    ],
    kinds,
  );
});

describe('who stamps', () => {
  const own = made();
  const expiring = (end: Date) => made({ leafValidity: { notBefore, notAfter: end } });
  const second = made({ key: 'p384' });
  testTwins(
    [
      bad('another authority', { by: other.timestampAuthority }, foreign),
      bad(
        'another authority with its certificates',
        { by: other.timestampAuthority, certificates: other.timestampAuthority.chain },
        foreign,
      ),
      twins(
        'not listed, and its certificate is not in it',
        by(own, { certificates: [] }, rootOf(own)),
        foreign,
        by(own, {}, rootOf(own)),
      ),
      twins(
        'listed, and its certificate is not in it',
        by(other.timestampAuthority, { certificates: [] }, own.chain),
        foreign,
        by(own, { certificates: [] }),
      ),
      twins(
        'of another root, whatever comes along',
        by(own, { certificates: own.chain }, other.timestampAuthority.chain),
        foreign,
        by(own),
      ),
      twins('for servers', by(made({ purposes: [serverAuth] })), foreign, by(made())),
      twins('for nothing by name', by(made({ purposes: [] })), foreign, by(made())),
      twins(
        'for more than time stamps',
        by(made({ purposes: ['1.3.6.1.5.5.7.3.8', codeSigning] })),
        foreign,
        by(made()),
      ),
      twins('for time stamps, uncritically', by(made({ purposesCritical: false })), foreign, by(made())),
      twins('with a certificate that had expired', by(expiring(moment(0))), foreign, by(expiring(moment(2 * minute)))),
      twins(
        'with a root that had expired',
        by(made({ notAfter: moment(0), leafValidity: { notBefore, notAfter } })),
        foreign,
        by(made({ notAfter: moment(2 * minute) })),
      ),
      twins(
        'not yet trusted',
        by(own, {}, undefined, { start: moment(2 * minute) }),
        foreign,
        by(own, {}, undefined, { start: moment(minute) }),
      ),
      twins(
        'trusted no more',
        by(own, {}, undefined, { start: notBefore, end: moment(0) }),
        foreign,
        by(own, {}, undefined, { start: notBefore, end: moment(minute) }),
      ),
      twins('a signer', signerStamps(), foreign),
      twins(
        'another than the one that is listed',
        by(second, {}, [own.leaf, second.root]),
        foreign,
        by(second, {}, rootOf(second)),
      ),
      twins('not the one that the policy names', chained(other.timestampAuthority), foreign, chained(usualStamper)),
    ],
    kinds,
  );

  function chained({ chain }: TimestampAuthority): Question {
    const tsaCertChain = chain.map(({ pem }) => pem).join('');
    return {
      ...alone,
      attestor: { ...byWorkflow, rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: false, tsaCertChain } },
      signing: { stamps: [{}] },
    };
  }

  /** A certificate of the CA of signers, which a rule believes in both roles. */
  function signerStamps(): Question {
    const signer = makeSigner();
    const leaf = certificateFor(usual, signer);
    const key = makeKey();
    const posing = { ...usualStamper, leaf, key, stamp: usualStamper.stamp };
    const root = trustIn(usual, { timestampAuthorities: [{ chain: usual.ca.chain, validFor: { start: notBefore } }] });
    return {
      ...stamped({
        by: posing,
        certificates: [leaf, ...usual.ca.chain],
        key,
        signer: { serial: leaf.serial, issuer: leaf.issuer },
      }),
      root,
    };
  }

  test.each(kinds)('$name: with its intermediate, listed or in the time stamp', (carrier) => {
    const authority = made({ intermediate: true });
    expect(decide(carrier, by(authority)).pass).toBe(true);
    expect(decide(carrier, by(authority, { certificates: authority.chain }, rootOf(authority))).pass).toBe(true);
    expect(decide(carrier, by(authority, {}, rootOf(authority)))).toMatchObject({ reason: 'timestamp-mismatch' });
  });
});

describe('how', () => {
  const types: readonly [AuthorityKeyType, object][] = [
    ['p256', {}],
    ['p384', {}],
    ['p521', {}],
    ['rsa', {}],
    ['rsa', { plainRsa: true }],
    ['ed25519', {}],
  ];
  const hashes = ['sha256', 'sha384', 'sha512'] as const;
  const cases = types.flatMap(([type, more]) => hashes.map((hash) => ({ type, hash, ...more })));
  test.each(cases)('%o', ({ type, hash, ...more }) => {
    const authority = made({ key: type });
    for (const carrier of kinds) {
      expect(decide(carrier, by(authority, { hash, imprintHash: hash, ...more })).pass).toBe(true);
      expect(decide(carrier, by(authority, { hash, imprintHash: hash, ...more, key: makeKey(type) })).pass).toBe(false);
    }
  });

  test.each(['', '.9', '.99', '.123456', '.123456789'])('a fraction %j of a second', (fraction) => {
    for (const carrier of kinds) expect(decide(carrier, stamped({ fraction })).pass).toBe(true);
  });

  test('fractions count', () => {
    const end = moment(10 * minute);
    for (const carrier of kinds) {
      expect(decide(carrier, stamped({ at: end, fraction: '.999' })).pass).toBe(true);
      expect(decide(carrier, stamped({ at: moment(10 * minute + 1000) }))).toMatchObject({
        reason: 'certificate-expired',
      });
    }
  });
});

const several = (carrier: Carrier, count: number, more: Question = {}) =>
  decide(carrier, { ...alone, signing: { stamps: Array.from({ length: count }, () => ({})) }, ...more });

test.each(kinds.filter(holdsSeveral))('$name: several', (carrier) => {
  expect(several(carrier, 8).pass).toBe(true);
  expect(several(carrier, 9)).toMatchObject({ reason: 'timestamp-mismatch' });
  // One that says nothing is no hindrance, and is no help.
  const beside = { ...alone, signing: { stamps: [{ by: other.timestampAuthority }, {}] } };
  expect(decide(carrier, beside).pass).toBe(true);
  expect(decide(carrier, { ...alone, signing: { stamps: [{ by: other.timestampAuthority }] } }).pass).toBe(false);
});

describe('beside a key', () => {
  const signer = makeSigner();
  const asking = (authority: TimestampAuthority) =>
    keysOf(signer, { ctlog: { ignoreSCT: true, tsaCertChain: authority.chain.map(({ pem }) => pem).join('') } });
  const question = (attestor: ReturnType<typeof asking>, stamps: readonly Stamp[]): Question => ({
    attestor,
    signing: { signer, certificate: 'none', stamps },
  });

  test.each(kinds)('$name: it has to be of the authority that the policy names', (carrier) => {
    expect(decide(carrier, question(asking(usualStamper), [{}])).pass).toBe(true);
    expect(decide(carrier, question(asking(usualStamper), [])).pass).toBe(true);
    expect(decide(carrier, question(asking(other.timestampAuthority), [{}]))).toMatchObject({
      reason: 'timestamp-mismatch',
    });
    expect(decide(carrier, question(keysOf(signer), [{ key: makeKey() }])).pass).toBe(true);
  });

  test.each(kinds.filter(holdsSeveral))('$name: one of them has to be', (carrier) => {
    const foreign = { by: other.timestampAuthority };
    const stamped = (...stamps: readonly Stamp[]) => decide(carrier, question(asking(usualStamper), stamps));
    expect(stamped({}, foreign).pass).toBe(true);
    expect(stamped(foreign, {}).pass).toBe(true);
    expect(stamped(foreign, foreign)).toMatchObject({ reason: 'timestamp-mismatch' });
    expect(stamped(...Array.from({ length: 9 }, () => ({})))).toMatchObject({ reason: 'timestamp-mismatch' });
  });
});
