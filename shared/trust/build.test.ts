import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { entryOf, keysOf, nestedOf, setOf } from '../../test/fixtures/entries.ts';
import { makeSigner } from '../../test/fixtures/signers.ts';
import type { AttestorEntry, AttestorSet, Entry } from '../policy/policy.ts';
import { asRefusal } from '../reasons.ts';
import type { LeafAnchor } from './anchors.ts';
import { buildCheck } from './build.ts';
import type { Anchor, Check } from './check.ts';
import type { KeyAnchor } from './key/anchor.ts';

const alice = makeSigner();
const bob = makeSigner();

function keysIn(check: Pick<Check, 'sets'>): KeyAnchor[] {
  const leaves = (anchor: Anchor): LeafAnchor[] => (anchor.kind === 'set' ? anchor.anchors.flatMap(leaves) : [anchor]);
  return check.sets.flatMap(leaves).filter((leaf) => leaf.kind === 'key');
}

function onlyKey(attestor: AttestorEntry): KeyAnchor {
  const [key] = keysIn(buildCheck(entryOf([setOf([attestor])])));
  if (key === undefined) throw new Error('no key');
  return key;
}

function refusal(entry: Entry) {
  try {
    buildCheck(entry);
  } catch (thrown) {
    return asRefusal(thrown);
  }
  throw new Error('not refused');
}

const refusalOf = (attestor: AttestorEntry) => refusal(entryOf([setOf([attestor])]));

describe('keys', () => {
  test('each is known by the SHA-256 of its SubjectPublicKeyInfo', () => {
    expect(onlyKey(keysOf(alice)).spki).toBe(alice.spki);
  });

  test.each([
    ['p256', 'sha256', ['sha256']],
    ['p384', 'sha256', ['sha384', 'sha256']],
    ['p521', 'sha256', ['sha512', 'sha256']],
    ['p384', 'sha384', ['sha384']],
    ['p384', 'sha512', ['sha512']],
    ['p256', 'sha224', ['sha224']],
    ['rsa', 'sha256', ['sha256']],
    ['rsa', 'sha512', ['sha512']],
  ] as const)('%s with signatureAlgorithm %s is checked with %p', (type, signatureAlgorithm, hashes) => {
    expect(onlyKey(keysOf(makeSigner(type), { signatureAlgorithm })).algorithm).toMatchObject({ hashes });
  });

  test('an Ed25519 key takes its own hash, and refuses one that it has not', () => {
    const signer = makeSigner('ed25519');
    expect(onlyKey(keysOf(signer)).algorithm.type).toBe('ed25519');
    expect(onlyKey(keysOf(signer, { signatureAlgorithm: 'sha512' })).algorithm.type).toBe('ed25519');
    expect(refusalOf(keysOf(signer, { signatureAlgorithm: 'sha384' })).reason).toBe('key-invalid');
  });

  test('a PKCS #1 block is read', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    expect(onlyKey(keysOf(alice, { publicKeys: [pem] })).algorithm.type).toBe('rsa');
  });

  test('a key spelled with a compressed point is the same key', () => {
    const { x = '', y = '' } = createPublicKey(alice.pem).export({ format: 'jwk' });
    const sign = (Buffer.from(y, 'base64url').at(-1) ?? 0) % 2 === 0 ? '02' : '03';
    const der = `3039301306072a8648ce3d020106082a8648ce3d030107032200${sign}${Buffer.from(x, 'base64url').toString('hex')}`;
    const body = Buffer.from(der, 'hex').toString('base64');
    const pem = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
    expect(onlyKey(keysOf(alice, { publicKeys: [pem] })).spki).toBe(alice.spki);
  });

  const spki = (pair: { publicKey: { export(options: { format: 'pem'; type: 'spki' }): string | Buffer } }) =>
    pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  test.each([
    ['secp256k1', () => spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })), 'secp256k1'],
    ['P-224', () => spki(generateKeyPairSync('ec', { namedCurve: 'secp224r1' })), 'secp224r1'],
    ['RSA 1024', () => makeSigner('rsa', 1024).pem, '1024 bits'],
    ['id-RSASSA-PSS', () => spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })), 'rsa-pss'],
    ['Ed448', () => spki(generateKeyPairSync('ed448')), 'ed448'],
    ['X25519', () => spki(generateKeyPairSync('x25519')), 'x25519'],
    ['a certificate', () => alice.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE'), 'CERTIFICATE'],
    ['two blocks in one', () => alice.pem + bob.pem, 'one public key in PEM is expected'],
    ['no PEM', () => 'k8s://ns/secret', 'one public key in PEM is expected'],
    ['garbage in PEM', () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', 'cannot be read'],
  ])('%s is refused by name', (_, pem, told) => {
    const { reason, message } = refusalOf(keysOf(alice, { publicKeys: [pem()] }));
    expect(reason).toBe('key-invalid');
    expect(message).toContain(told);
    expect(message).toContain('attestors[0].entries[0].keys');
  });

  test('a private key is refused and never quoted', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const { reason, message } = refusalOf(keysOf(alice, { publicKeys: [pem] }));
    expect(reason).toBe('key-invalid');
    expect(message).not.toContain(pem.split('\n')[1]);
  });
});

describe('sets', () => {
  test('each PEM block is an attestor of its own, with a path of its own', () => {
    const check = buildCheck(entryOf([setOf([keysOf([alice, bob]), keysOf(makeSigner())])]));
    expect(check.sets[0]).toMatchObject({ path: 'attestors[0]', need: 'all' });
    expect(keysIn(check).map((key) => key.path)).toEqual([
      'attestors[0].entries[0].keys[0]',
      'attestors[0].entries[0].keys[1]',
      'attestors[0].entries[1]',
    ]);
  });

  test('nested sets keep their count and path; a count of 0 is none', () => {
    const check = buildCheck(entryOf([setOf([keysOf(alice), nestedOf(setOf([keysOf(bob)], 1))], 0)]));
    expect(check.sets[0]).toMatchObject({
      need: 'all',
      anchors: [{ kind: 'key' }, { kind: 'set', need: 1, path: 'attestors[0].entries[1].attestor' }],
    });
  });

  const nested = (depth: number): AttestorSet => setOf([depth === 1 ? keysOf(alice) : nestedOf(nested(depth - 1))]);
  test('eight deep is read, nine is refused', () => {
    expect(buildCheck(entryOf([nested(8)])).sets).toHaveLength(1);
    expect(refusal(entryOf([nested(9)])).reason).toBe('key-invalid');
  });

  test('nothing to satisfy is never satisfied', () => {
    expect(refusal(entryOf([])).reason).toBe('no-attestors');
    expect(refusal(entryOf([setOf([])])).reason).toBe('no-attestors');
    expect(refusal(entryOf([setOf([nestedOf(setOf([]))])])).reason).toBe('no-attestors');
    expect(refusalOf(keysOf([])).reason).toBe('key-invalid');
  });

  test("an attestor's annotations replace the entry's; its repository too", () => {
    const own = { annotations: { team: 'a' }, repository: { registry: 'sigs.test', path: 'a' } };
    const entry = entryOf([setOf([keysOf(alice, own), keysOf(bob), nestedOf(setOf([keysOf(makeSigner())]), own)])], {
      annotations: { env: 'prod' },
    });
    const check = buildCheck(entry);
    expect(keysIn(check)).toMatchObject([own, { annotations: { env: 'prod' }, repository: undefined }, own]);
    expect(check.repositories).toEqual([own.repository, undefined]);
  });
});

describe('the transparency log', () => {
  const log = makeSigner();

  test('asked for without a key: invalid, saying what to set', () => {
    const { reason, message } = refusalOf(keysOf(alice, { rekor: { ignoreTlog: false } }));
    expect(reason).toBe('trust-missing');
    expect(message).toContain('rekor.pubkey');
    expect(message).toContain('rekor.ignoreTlog: true');
  });

  test('is known by its key and its URL, the public one by default', () => {
    const anchor = onlyKey(keysOf(alice, { rekor: { ignoreTlog: false, pubkey: log.pem } })).log;
    expect(anchor?.logs.map(({ baseUrl }) => baseUrl)).toEqual(['https://rekor.sigstore.dev']);
    expect(anchor?.logs.map(({ keyId }) => Buffer.from(keyId).toString('hex'))).toEqual([log.spki]);
    const rekor = { ignoreTlog: false, pubkey: log.pem, url: 'https://log.test' };
    expect(onlyKey(keysOf(alice, { rekor })).log?.logs[0]?.baseUrl).toBe('https://log.test');
  });

  test('is ignored when told so, whatever else is there', () => {
    expect(onlyKey(keysOf(alice, { rekor: { ignoreTlog: true, pubkey: log.pem } })).log).toBeUndefined();
  });

  test('an RSA key is refused by name', () => {
    const { reason, message } = refusalOf(
      keysOf(alice, { rekor: { ignoreTlog: false, pubkey: makeSigner('rsa').pem } }),
    );
    expect(reason).toBe('key-invalid');
    expect(message).toContain('rekor.pubkey');
  });

  test('with an Ed25519 key it is known by the ID of its checkpoints too, which has its name in it (Rekor v2)', () => {
    const rekor = { ignoreTlog: false, pubkey: makeSigner('ed25519').pem };
    const ids = (url: string) =>
      onlyKey(keysOf(alice, { rekor: { ...rekor, url } })).log?.logs.map(({ keyId }) => keyId);
    const [one, another] = [ids('https://log.test'), ids('https://other.test')];
    expect(one).toHaveLength(2);
    expect(one?.[0]).toEqual(another?.[0]);
    expect(one?.[1]).not.toEqual(another?.[1]);
  });
});

describe('type', () => {
  test.each([
    [undefined, true],
    ['Cosign', true],
    ['SigstoreBundle', false],
  ] as const)('%s', (type, cosignSignature) => {
    const entry = entryOf([setOf([keysOf(alice)])], type === undefined ? {} : { type });
    const kinds = cosignSignature ? ['cosign-signature', 'sigstore-bundle'] : ['sigstore-bundle'];
    expect(buildCheck(entry).wants).toEqual({ what: 'signature', accepts: new Set(kinds) });
  });
});

describe('the hash', () => {
  const rekor = { ignoreTlog: false, pubkey: makeSigner().pem, url: 'https://log.test' };
  const sigs = { registry: 'sigs.test', path: 'a' };
  const base = () => entryOf([setOf([keysOf(alice, { rekor }), keysOf(bob)])]);
  const changed: readonly [string, () => Entry][] = [
    ['type', () => ({ ...base(), type: 'SigstoreBundle' })],
    ['annotations', () => ({ ...base(), annotations: { a: 'b' } })],
    ['the value of an annotation', () => ({ ...base(), annotations: { a: 'c' } })],
    ['where an annotation’s name ends', () => ({ ...base(), annotations: { ab: '' } })],
    ['repository', () => ({ ...base(), repository: sigs })],
    ['count', () => entryOf([setOf([keysOf(alice, { rekor }), keysOf(bob)], 1)])],
    ['a higher count', () => entryOf([setOf([keysOf(alice, { rekor }), keysOf(bob)], 2)])],
    ['two sets instead of one', () => entryOf([setOf([keysOf(alice, { rekor })]), setOf([keysOf(bob)])])],
    ['nesting', () => entryOf([setOf([keysOf(alice, { rekor }), nestedOf(setOf([keysOf(bob)]))])])],
    ['another key', () => entryOf([setOf([keysOf(alice, { rekor }), keysOf(log)])])],
    ['a key less', () => entryOf([setOf([keysOf(alice, { rekor })])])],
    ['order', () => entryOf([setOf([keysOf(bob), keysOf(alice, { rekor })])])],
    ['one entry of two keys', () => entryOf([setOf([keysOf([alice, bob], { rekor })])])],
    ['signatureAlgorithm', () => withAlice({ rekor, signatureAlgorithm: 'sha512' })],
    ['an attestor’s annotations', () => withAlice({ rekor, annotations: { a: 'b' } })],
    ['an attestor’s repository', () => withAlice({ rekor, repository: sigs })],
    ['rekor.ignoreTlog', () => withAlice({ rekor: { ...rekor, ignoreTlog: true } })],
    ['rekor.pubkey', () => withAlice({ rekor: { ...rekor, pubkey: log.pem } })],
    ['rekor.url', () => withAlice({ rekor: { ...rekor, url: 'https://other.test' } })],
  ];
  const log = makeSigner();
  const withAlice = (changes: Parameters<typeof keysOf>[1]) => entryOf([setOf([keysOf(alice, changes), keysOf(bob)])]);

  test('is another one for each input that is another', () => {
    const hashes = new Map([['nothing', buildCheck(base()).hash]]);
    for (const [what, entry] of changed) hashes.set(what, buildCheck(entry()).hash);
    expect(new Set(hashes.values()).size).toBe(changed.length + 1);
  });

  test('is the same for what verify does not depend on', () => {
    const { hash } = buildCheck(base());
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(buildCheck(base()).hash).toBe(hash);
    expect(buildCheck({ ...base(), path: 'verifyImages[7]', imageReferences: ['x/*'], required: false }).hash).toBe(
      hash,
    );
    expect(buildCheck({ ...base(), type: 'Cosign' }).hash).toBe(hash);
    const two = { ...base(), annotations: { a: '1', b: '2' } };
    expect(buildCheck({ ...two, annotations: { b: '2', a: '1' } }).hash).toBe(buildCheck(two).hash);
  });
});
