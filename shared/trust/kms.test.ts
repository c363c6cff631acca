import { generateKeyPairSync } from 'node:crypto';
import { cosignItem, makeImage, payloadOf, repository } from '../../test/fixtures/attached.ts';
import { entryOf, keysOf, nestedOf, setOf } from '../../test/fixtures/entries.ts';
import { type KeyType, makeSigner, type TestSigner } from '../../test/fixtures/signers.ts';
import { kmsAlgorithms } from '../aws/testing/kms.ts';
import { readEvidence } from '../evidence/read.ts';
import type { KeysAttestor } from '../policy/policy.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import { verify } from '../verify/verify.ts';
import { buildCheck } from './build.ts';
import { askKms, type KmsAnswers, type KmsKey, kmsAddresses } from './kms.ts';

const address = 'awskms:///alias/cosign';
const other = 'awskms:///alias/other';
const [signer, bob] = [makeSigner(), makeSigner()];

const inKms = (changes: Partial<KeysAttestor> = {}, kms = address) => keysOf([], { kms, ...changes });
const kmsKey = (of: Pick<TestSigner, 'der' | 'type'>, changes: Partial<KmsKey> = {}): KmsKey => ({
  spki: of.der,
  usage: 'SIGN_VERIFY',
  algorithms: kmsAlgorithms[of.type],
  ...changes,
});
const answersOf = (key: KmsKey | Refusal): KmsAnswers => new Map([[address, key]]);
const unavailable = new Refusal('kms-unavailable', 'kms:GetPublicKey of alias/cosign in eu-west-1: AWS KMS failed');

function refusalOf(key: KmsKey | Refusal, changes: Partial<KeysAttestor> = {}): Refusal {
  try {
    buildCheck(entryOf([setOf([inKms(changes)])]), undefined, answersOf(key));
  } catch (thrown) {
    return asRefusal(thrown);
  }
  throw new Error('not refused');
}

describe('a key in KMS', () => {
  test.each<[KeyType, KeysAttestor['signatureAlgorithm'], KeysAttestor['signatureAlgorithm']]>([
    ['p256', 'sha256', 'sha256'],
    ['p384', 'sha256', 'sha384'],
    ['p384', 'sha384', 'sha384'],
    ['p521', 'sha256', 'sha512'],
    ['rsa', 'sha256', 'sha256'],
    ['rsa', 'sha512', 'sha512'],
    ['ed25519', 'sha256', 'sha256'],
  ])('%s with signatureAlgorithm %s asks the same check as its PEM with %s', (type, written, asPem) => {
    const of = makeSigner(type);
    const check = buildCheck(
      entryOf([setOf([inKms({ signatureAlgorithm: written })])]),
      undefined,
      answersOf(kmsKey(of)),
    );
    const pem = buildCheck(entryOf([setOf([keysOf(of, { signatureAlgorithm: asPem })])]));
    expect(check).toEqual(pem);
  });

  test('that is another one is another check', () => {
    const entry = entryOf([setOf([inKms()])]);
    const hashes = [signer, bob].map((of) => buildCheck(entry, undefined, answersOf(kmsKey(of))).hash);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('of RSA counts signatures of the paddings that KMS lists', () => {
    const rsa = makeSigner('rsa');
    const entry = entryOf([setOf([inKms()])]);
    const algorithmOf = (algorithms: readonly string[]) =>
      buildCheck(entry, undefined, answersOf(kmsKey(rsa, { algorithms }))).sets[0]?.anchors[0];
    expect(algorithmOf(['RSASSA_PSS_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_512'])).toMatchObject({
      algorithm: { hashes: ['sha256'], paddings: ['pss'] },
    });
    expect(algorithmOf(['RSASSA_PKCS1_V1_5_SHA_256'])).toMatchObject({ algorithm: { paddings: ['pkcs1v15'] } });
  });

  test('the same key in PEM signs in its own ways, and neither answers for the other', () => {
    const rsa = makeSigner('rsa');
    const image = makeImage();
    const kms = answersOf(kmsKey(rsa, { algorithms: ['RSASSA_PSS_SHA_256'] }));
    const verdict = (...sets: Parameters<typeof entryOf>[0]) =>
      verify({
        check: buildCheck(entryOf(sets), undefined, kms),
        image,
        repository,
        evidence: readEvidence([cosignItem(payloadOf(image), rsa)]),
        unreadable: [],
        now: 0,
      }).pass;
    expect(verdict(setOf([inKms()]))).toBe(false);
    expect(verdict(setOf([keysOf(rsa), inKms()]))).toBe(false);
    expect(verdict(setOf([inKms(), keysOf(rsa)], 1))).toBe(true);
  });

  const spki = (pair: { publicKey: { export(options: { format: 'der'; type: 'spki' }): Buffer } }) =>
    pair.publicKey.export({ format: 'der', type: 'spki' });
  test.each<[string, Partial<KmsKey>, Partial<KeysAttestor>, string]>([
    ['for encryption', { usage: 'ENCRYPT_DECRYPT' }, {}, 'is a key for ENCRYPT_DECRYPT, not for signing'],
    ['for agreement', { usage: 'KEY_AGREEMENT' }, {}, 'name one whose KeyUsage is SIGN_VERIFY'],
    ['that signs in no way', { algorithms: [] }, {}, 'signs in no way that KMS names'],
    ['that signs otherwise than is pinned', {}, { signatureAlgorithm: 'sha512' }, 'which signs with ECDSA_SHA_256'],
    [
      'on secp256k1',
      { spki: spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })) },
      {},
      'on secp256k1 is not accepted',
    ],
    ['of ML-DSA', { spki: spki(generateKeyPairSync('ml-dsa-44')) }, {}, 'a key of type ml-dsa-44 is not accepted'],
    ['that cannot be read', { spki: Buffer.from('junk') }, {}, 'the public key that KMS gives cannot be read'],
  ])('%s is key-invalid, by its address', (_, changes, attestor, told) => {
    const { reason, message } = refusalOf(kmsKey(signer, changes), attestor);
    expect(reason).toBe('key-invalid');
    expect(message).toContain(`attestors[0].entries[0].keys: `);
    expect(message).toContain(address);
    expect(message).toContain(told);
  });

  test('that KMS refuses, or was not asked for, has a path', () => {
    expect(refusalOf(unavailable)).toMatchObject({
      reason: 'kms-unavailable',
      message: `attestors[0].entries[0].keys: ${unavailable.message}`,
    });
    expect(() => buildCheck(entryOf([setOf([inKms()])]))).toThrow(`AWS KMS was not asked for ${address}`);
  });
});

describe('where a key could not be had', () => {
  const build = (...sets: Parameters<typeof entryOf>[0]) =>
    buildCheck(entryOf(sets), undefined, answersOf(unavailable));

  test('the others of its set may be enough', () => {
    const check = build(setOf([inKms(), keysOf(bob)], 1));
    expect(check.sets[0]?.anchors).toMatchObject([{ path: 'attestors[0].entries[1]', spki: bob.spki }]);
    expect(check.missing).toMatchObject([{ reason: 'kms-unavailable' }]);
    const without = buildCheck(entryOf([setOf([keysOf(bob)], 1)]));
    expect(check.hash).not.toBe(without.hash);
  });

  test.each([
    ['all are needed', [setOf([inKms(), keysOf(bob)])]],
    ['as many as are left are too few', [setOf([inKms(), keysOf(bob)], 2)]],
    ['another set needs it', [setOf([keysOf(bob)]), setOf([inKms()])]],
    ['it is nested where all are needed', [setOf([nestedOf(setOf([inKms()])), keysOf(bob)])]],
  ])('%s: kms-unavailable', (_, sets) => {
    expect(() => build(...sets)).toThrow(expect.objectContaining({ reason: 'kms-unavailable' }));
  });

  test('a nested set that needs it is left out as a whole', () => {
    expect(build(setOf([nestedOf(setOf([inKms()])), keysOf(bob)], 1)).sets[0]?.anchors).toHaveLength(1);
  });

  test('a wrong key beside it is told all the same', () => {
    expect(() => build(setOf([inKms(), keysOf(bob, { publicKeys: ['none'] })], 1))).toThrow(
      expect.objectContaining({ reason: 'key-invalid' }),
    );
  });
});

describe('asking', () => {
  const entry = entryOf([setOf([inKms(), keysOf(bob), nestedOf(setOf([inKms(), inKms({}, other)]))])]);

  test('an address is asked for once, however often an entry names it', () => {
    expect(kmsAddresses(entry.attestors)).toEqual([address, other]);
    expect(kmsAddresses([setOf([keysOf(bob)])])).toEqual([]);
  });

  test('known keys are there at once; a failure is its key’s alone', async () => {
    const key = kmsKey(signer);
    expect(askKms([address, other], () => key)).toEqual(
      new Map([
        [address, key],
        [other, key],
      ]),
    );
    const asked = askKms([address, other], ({ keyId }) =>
      keyId === 'alias/cosign' ? key : Promise.reject(unavailable),
    );
    expect(await asked).toEqual(
      new Map<string, unknown>([
        [address, key],
        [other, unavailable],
      ]),
    );
  });
});
