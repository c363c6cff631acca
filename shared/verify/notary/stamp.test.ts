import { now } from '../../../test/fixtures/ask.ts';
import { extendedKeyUsage, timeStamping } from '../../../test/fixtures/authority/certificate.ts';
import {
  explicit,
  generalizedTime,
  implicit,
  integer,
  octets,
  oid,
  sequence,
  setOf,
  time,
} from '../../../test/fixtures/authority/der.ts';
import { digest, flip, hashOids, makeKey } from '../../../test/fixtures/authority/keys.ts';
import {
  makeTimestampAuthority,
  type StampChanges,
  type TimestampAuthority,
  type TimestampAuthorityOptions,
} from '../../../test/fixtures/authority/tsa.ts';
import { constraints, makeChain, usage, validity } from '../../../test/fixtures/notary/chain.ts';
import {
  byAuthority,
  decide,
  good,
  minute,
  type NotaryQuestion,
  type NotaryTwins,
  rootIn,
  storeOf,
  testNotaryTwins,
  usualChain,
} from '../../../test/fixtures/notary/decide.ts';
import { at, parseDer } from '../../der.ts';
import { notaryLevels } from '../../policy/notary/trust-policy.ts';
import type { RevocationQuestion } from '../../revocation/revocation.ts';

const stampTime = new Date(now);
/** The certificates of the signers are over by then; those of the authority are not. */
const late = validity.notAfter.getTime() + minute;
const long = { notBefore: validity.notBefore, notAfter: new Date('2035-01-01T00:00:00Z') };
const made = (options: Partial<TimestampAuthorityOptions> = {}) => makeTimestampAuthority({ ...long, ...options });
const usual = made();

/** The token of an answer. */
const tokenOf = (answer: Uint8Array) => at(parseDer(answer), 1).raw;

interface Stamping extends StampChanges {
  readonly by?: TimestampAuthority;
  readonly at?: Date;
  /** What the store has instead of the authority's root. */
  readonly trusted?: TimestampAuthority;
  readonly chain?: typeof usualChain;
}

function stamped({
  by = usual,
  at: time = stampTime,
  trusted = by,
  chain = usualChain,
  ...changes
}: Stamping = {}): NotaryQuestion {
  return {
    at: late,
    signing: { chain, stamp: (signature) => tokenOf(by.stamp(signature, time, changes)) },
    statement: { stores: [rootIn('ca', chain), storeOf('tsa', [trusted.root])] },
  };
}

const bad = (name: string, changes: Stamping, problem: string, right: Stamping = {}): NotaryTwins => ({
  name,
  wrong: stamped(changes),
  right: stamped(right),
  reason: 'timestamp-mismatch',
  message: new RegExp(`^a signature has a time stamp, and ${problem}`),
});
const chain = 'its chain of certificates does not count: ';
const foreign = 'it is of no authority that the store tsa trusts';
const parses = 'it does not parse';

test('lets a signature count whose certificates are over, without end', () => {
  const outcome = decide({ ...stamped(), revocation: () => ({ ...good(late), until: late + minute }) });
  expect(outcome).toMatchObject({ pass: true, validUntil: late + minute });
  expect(decide({ at: late })).toMatchObject({ pass: false, reason: 'certificate-expired' });
});

describe('when one is asked for', () => {
  const stores = [rootIn('ca'), storeOf('tsa', [usual.root])];
  const none = (verifyTimestamp: 'always' | 'afterCertExpiry', time = now): NotaryQuestion => ({
    statement: { stores, verifyTimestamp },
    at: time,
  });
  testNotaryTwins([
    {
      name: 'always',
      reason: 'timestamp-missing',
      message: /^a signature carries no time stamp, and the trust policy "acme" asks for one \(/,
      wrong: none('always'),
      right: none('afterCertExpiry'),
    },
    {
      name: 'once a certificate is over',
      reason: 'timestamp-missing',
      message:
        /carries no time stamp, and the trust policy "acme" asks for one, as a certificate of its chain has expired/,
      wrong: none('afterCertExpiry', late),
      right: none('afterCertExpiry', validity.notAfter.getTime()),
    },
  ]);
  test('not where the policy has no store of authorities, whatever is attached', () => {
    const { signing } = stamped({ imprint: Buffer.alloc(32) });
    expect(decide(signing === undefined ? {} : { signing })).toMatchObject({ pass: true });
  });
  test('not of a signing authority, which says itself when it signed', () => {
    expect(
      decide({
        signing: { attributes: byAuthority },
        statement: { stores: [rootIn('signingAuthority'), storeOf('tsa', [usual.root])] },
      }),
    ).toMatchObject({ pass: true });
  });
});

describe('the token', () => {
  const before = validity.notAfter.getTime();
  const essCert = (...parts: Buffer[]) => ({ signingCertificateValue: sequence(sequence(sequence(...parts))) });
  const leafHash = octets(digest('sha256', usual.leaf.der));
  const issuerSerial = (tag: number, serial: Uint8Array = usual.leaf.serial) =>
    sequence(sequence(explicit(tag, usual.leaf.issuer)), integer(serial));
  const signingTime = (value: Buffer) => ({ attributes: [sequence(oid('1.2.840.113549.1.9.5'), setOf(value))] });
  testNotaryTwins([
    bad('over other bytes', { imprint: Buffer.alloc(32) }, 'it is of other bytes', { imprintHash: 'sha512' }),
    bad('by SHA-1', { imprintHash: 'sha1' }, parses, { imprintHash: 'sha384' }),
    bad('of another version', { version: 2 }, 'it is of another version'),
    bad('in data of another version', { dataVersion: 1 }, 'it is of another version'),
    bad('of a signer of another version', { signerVersion: 3 }, 'its signer is of another version'),
    bad('that holds something else', { contentType: '1.2.840.113549.1.7.1' }, parses),
    bad('about something else', { messageDigest: Buffer.alloc(32) }, 'its signature is of other content'),
    bad('as something else', { attributeType: '1.2.840.113549.1.7.1' }, 'its signature is of other content'),
    bad('without its digest', { without: ['messageDigest'] }, parses),
    bad('without its type', { without: ['contentType'] }, parses),
    bad(
      'that does not say which certificate',
      { without: ['signingCertificate'] },
      'it does not say which certificate signed',
    ),
    bad('that names no certificate', essCert(), parses),
    bad('that names another', { signingCertificate: usual.root }, 'it says that another certificate signed'),
    bad(
      'that names one by SHA-1',
      essCert(sequence(oid(hashOids.sha1)), octets(digest('sha1', usual.leaf.der))),
      parses,
      essCert(sequence(oid(hashOids.sha512)), octets(digest('sha512', usual.leaf.der))),
    ),
    bad(
      'that names one with another serial number',
      essCert(leafHash, issuerSerial(4, Buffer.of(5))),
      'it says that another certificate signed',
      essCert(leafHash, issuerSerial(4)),
    ),
    bad('that names one with no name', essCert(leafHash, issuerSerial(5)), 'it says that another certificate signed'),
    bad('without the certificate', { certificates: [] }, 'it does not carry the certificate of its signer', {
      certificates: [usual.leaf, usual.root],
    }),
    bad('of another signer', { signer: { serial: Buffer.of(9) } }, 'it does not carry the certificate of its signer'),
    bad('by another key', { key: makeKey() }, 'its signature does not verify'),
    bad('with a damaged signature', { signature: (bytes) => flip(bytes) }, 'its signature does not verify'),
    bad('without signers', { signers: 0 }, 'it has no signer'),
    bad('with many signers', { signers: 5 }, 'it has over 4 signers', { signers: 2 }),
    bad(
      'that says that it was signed too early',
      signingTime(time(new Date('2024-12-31T23:59:59Z'))),
      'it says that it was signed when its certificate was not valid',
      signingTime(time(stampTime)),
    ),
    bad('that says no time', signingTime(octets(Buffer.of(1))), parses, signingTime(generalizedTime(stampTime))),
  ]);

  const indefinite = (signature: Uint8Array) => {
    const { value } = parseDer(tokenOf(usual.stamp(signature, stampTime)));
    return Buffer.concat([Buffer.of(0x30, 0x80), value, Buffer.of(0, 0)]);
  };
  test.each<[string, (signature: Uint8Array) => Uint8Array, string]>([
    ['BER', indefinite, 'it is in BER with lengths that are not said'],
    ['the answer that it came in', (signature) => usual.stamp(signature, stampTime), parses],
    ['nothing', () => Buffer.alloc(0), parses],
    ['junk', () => Buffer.from('junk'), parses],
  ])('%s', (_, stamp, problem) => {
    const denied = decide({ ...stamped(), signing: { stamp } });
    expect(denied).toMatchObject({ reason: 'timestamp-mismatch' });
    expect(denied.pass || denied.message).toContain(problem);
  });

  describe('and when it was made', () => {
    const expired = (name: string, wrong: Stamping, right: Stamping): NotaryTwins => ({
      name,
      wrong: stamped(wrong),
      right: stamped(right),
      reason: 'certificate-expired',
      message: /^a signature was stamped between .* when its certificate was not valid/,
    });
    const accuracy = (...parts: Buffer[]) => ({ beforeNonce: [sequence(...parts)] });
    const near = new Date(before - 1000);
    testNotaryTwins([
      expired('too late', { at: new Date(before + 1000) }, { at: new Date(before) }),
      expired(
        'too early',
        { at: new Date('2025-01-01T00:00:01Z'), ...accuracy(integer(2)) },
        { at: new Date('2025-01-01T00:00:02Z'), ...accuracy(integer(2)) },
      ),
      expired('perhaps too late', { at: near, ...accuracy(integer(2)) }, { at: near, ...accuracy(integer(1)) }),
      expired(
        'perhaps a thousandth too late',
        { at: near, ...accuracy(integer(1), implicit(0, Buffer.of(1))) },
        { at: near, ...accuracy(implicit(0, Buffer.from([0x03, 0xe7]))) },
      ),
      expired(
        'perhaps a millionth too late',
        { at: near, ...accuracy(integer(1), implicit(1, Buffer.of(1))) },
        { at: near, ...accuracy(implicit(1, Buffer.of(1))) },
      ),
      expired(
        "under ETSI's policy, which is good to a second",
        { at: new Date(before), policy: '0.4.0.2023.1.1' },
        { at: near, policy: '0.4.0.2023.1.1' },
      ),
      {
        name: 'of an accuracy that there is not',
        wrong: stamped(accuracy(implicit(0, Buffer.from([0x03, 0xe8])))),
        right: stamped(accuracy(implicit(0, Buffer.from([0x03, 0xe7])))),
        reason: 'timestamp-mismatch',
        message: /it does not parse/,
      },
    ]);
  });
});

describe('who stamped', () => {
  const stamping = extendedKeyUsage([timeStamping], true);
  const by = (options: Partial<TimestampAuthorityOptions>) => ({ by: made(options) });
  const digital = usage(['digitalSignature']);
  const short = { notBefore: long.notBefore, notAfter: new Date(now - 1000) };
  const middle = made({ intermediate: true });
  const purpose = `${chain}its certificate is not for time stamping alone`;
  testNotaryTwins([
    bad('another authority', { trusted: made() }, foreign),
    bad('a certificate that was not valid', by({ leafValidity: short }), foreign),
    bad('for anything', by({ purposes: [] }), purpose),
    bad('for something else', by({ purposes: ['1.3.6.1.5.5.7.3.3'] }), purpose),
    bad('for something else too', by({ purposes: [timeStamping, '1.3.6.1.5.5.7.3.3'] }), purpose),
    bad('with a purpose that one may pass over', by({ purposesCritical: false }), purpose),
    bad('saying nothing of its key', by({ leafExtensions: [stamping] }), `${chain}its certificate does not say`),
    bad(
      'for keys as well',
      by({ leafExtensions: [usage(['digitalSignature', 'keyAgreement']), stamping] }),
      `${chain}the key of its certificate is for keyAgreement`,
      by({ leafExtensions: [usage(['digitalSignature'], false), stamping] }),
    ),
    bad("a CA's", by({ leafExtensions: [digital, stamping, constraints(true)] }), `${chain}its certificate is a CA's`),
    bad(
      'a key of another kind',
      by({ key: 'ed25519' }),
      `${chain}the key of its certificate is neither`,
      by({ key: 'rsa' }),
    ),
    bad(
      'under a CA that does not say what its key is for',
      by({ authorityExtensions: [constraints(true)] }),
      `${chain}a CA of its chain does not say what its key is for`,
      by({ authorityExtensions: [usage(['keyCertSign'], false), constraints(true)] }),
    ),
    bad(
      'under a CA for something else',
      by({ authorityExtensions: [usage(['keyCertSign']), constraints(true), extendedKeyUsage(['1.3.6.1.5.5.7.3.3'])] }),
      foreign,
      by({ authorityExtensions: [usage(['keyCertSign']), constraints(true), extendedKeyUsage([timeStamping])] }),
    ),
    bad('without the CA between', { by: middle }, foreign, { by: middle, certificates: middle.chain }),
  ]);
});

describe('whether who stamped has been revoked', () => {
  const isStamper = (question: RevocationQuestion) =>
    question.what === 'chain' && question.chain[0]?.der.equals(usual.leaf.der) === true;
  const asked = (status: 'good' | 'revoked' | 'unknown', levels = notaryLevels.strict): NotaryQuestion => {
    const question = stamped();
    return {
      ...question,
      statement: { ...question.statement, levels },
      revocation: (one) => (isStamper(one) ? { ...good(late), status } : good(late)),
    };
  };
  const skip = { ...notaryLevels.strict, revocation: 'skip' } as const;
  testNotaryTwins([
    {
      name: 'it has',
      reason: 'certificate-revoked',
      message: /but for its revocation/,
      wrong: asked('revoked'),
      right: asked('good'),
    },
    {
      name: 'nobody knows',
      reason: 'revocation-unavailable',
      message: /could not be found out/,
      wrong: asked('unknown'),
      right: asked('good'),
    },
    {
      name: 'whatever the level of revocation is',
      reason: 'certificate-revoked',
      message: /but for its revocation/,
      wrong: asked('revoked', skip),
      right: asked('good', skip),
    },
  ]);
  test('a level that only warns of time stamps warns of it', () => {
    const outcome = decide(asked('revoked', notaryLevels.permissive));
    expect(outcome.pass && outcome.notes).toEqual([expect.stringContaining('but for its revocation')]);
  });
  test('of a stamp that says nothing it is not asked', () => {
    const chains: RevocationQuestion[] = [];
    const question = stamped({ imprint: Buffer.alloc(32) });
    decide({
      ...question,
      statement: { ...question.statement, levels: notaryLevels.permissive },
      revocation: (one) => {
        chains.push(one);
        return good(late);
      },
    });
    expect(chains).toHaveLength(1);
  });
});

test('a CA of the signer that was not valid when it was stamped', () => {
  const short = makeChain({ intermediate: { notAfter: new Date(now - 1000) } });
  expect(decide(stamped({ chain: short }))).toMatchObject({ reason: 'certificate-expired' });
  expect(decide(stamped({ chain: short, at: new Date(now - minute) }))).toMatchObject({ pass: true });
});
