import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalRegistry, type RegistryOptions, startRegistry } from '../../local/registry/server.ts';
import { type Destination, storeDestination } from '../../local/signer/destination.ts';
import { attest, type KeyType, makeImage, newKey, type SigningKey, sign } from '../../local/signer/signer.ts';
import {
  attest2,
  attest3,
  type CosignKey,
  keyPair,
  sign2,
  sign3,
  verify2,
  verify3,
  verifyAttestation2,
  verifyAttestation3,
} from './cosign.ts';
import { reasonsFor } from './countersign.ts';
import { pushImage, pushIndex } from './images.ts';
import { keys, policyOf } from './policies.ts';
import { runOk, tool } from './tools.ts';

// The demo's signer and registry, held against the tools that they stand in for: what the signer makes, cosign verifies; what
// cosign and crane do to a registry, the registry takes.

const type = 'https://example.test/review/v1';
const predicate = { approved: true };

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A key of our own signer, as cosign is given one to verify with. */
async function forCosign(key: SigningKey, name: string): Promise<CosignKey> {
  const publicKey = join(dir, `${name}.pub`);
  await writeFile(publicKey, key.publicKeyPem);
  const algorithms = { p256: 'ecdsa-p256', p384: 'ecdsa-p384', p521: 'ecdsa-p521', rsa2048: 'rsa-2048' } as const;
  const algorithm = key.type === 'ed25519' ? 'ed25519' : algorithms[key.type];
  return { algorithm, privateKey: '', publicKey, pem: key.publicKeyPem };
}

describe.each(['on', 'off'] as const)('the signer, with the referrers API %s', (referrers) => {
  let registry: LocalRegistry;
  let destination: Destination;

  beforeAll(async () => {
    registry = await startRegistry({ referrers });
    destination = storeDestination(registry);
  });

  afterAll(async () => {
    await registry?.close();
  });

  // Not Ed25519: cosign signs with Ed25519ph and verifies with pure Ed25519, its own signatures included.
  test.each<KeyType>(['p256', 'p384', 'p521', 'rsa2048'])('what it signs with %s cosign verifies', async (kind) => {
    const key = newKey(kind);
    const [ours, other] = [await forCosign(key, kind), await forCosign(newKey(kind), `other-${kind}`)];
    const old = await makeImage(destination, 'sig', kind);
    await sign(destination, { repository: 'sig', digest: old, key, format: 'sig' });
    for (const verify of [verify2, verify3]) {
      expect(await verify(`${registry.host}/sig@${old}`, ours)).toMatchObject({ code: 0 });
      expect((await verify(`${registry.host}/sig@${old}`, other)).code).not.toBe(0);
    }
    const bundled = await makeImage(destination, 'bundle', kind);
    await sign(destination, { repository: 'bundle', digest: bundled, key });
    expect(await verify3(`${registry.host}/bundle@${bundled}`, ours)).toMatchObject({ code: 0 });
    expect((await verify3(`${registry.host}/bundle@${bundled}`, other)).code).not.toBe(0);
  });

  test('its annotations and its second repository are where cosign looks', async () => {
    const key = newKey();
    const ours = await forCosign(key, 'annotated');
    const annotations = { env: 'prod' };
    for (const [format, verify] of [['sig', verify2] as const, ['bundle', verify3] as const]) {
      const digest = await makeImage(destination, 'annotated', format);
      await sign(destination, { repository: 'annotated', digest, key, format, annotations, storeIn: 'kept/apart' });
      const reference = `${registry.host}/annotated@${digest}`;
      const repository = `${registry.host}/kept/apart`;
      expect(await verify(reference, ours, { annotations, repository })).toMatchObject({ code: 0 });
      expect((await verify(reference, ours, { annotations: { env: 'dev' }, repository })).code).not.toBe(0);
      expect((await verify(reference, ours, { annotations })).code).not.toBe(0);
    }
  });

  test('its attestations verify as attestations', async () => {
    const key = newKey();
    const ours = await forCosign(key, 'attested');
    for (const [format, verify] of [['att', verifyAttestation2] as const, ['bundle', verifyAttestation3] as const]) {
      const digest = await makeImage(destination, 'attested', format);
      await attest(destination, { repository: 'attested', digest, key, predicateType: type, predicate, format });
      const reference = `${registry.host}/attested@${digest}`;
      expect(await verify(reference, ours, { type })).toMatchObject({ code: 0 });
      expect((await verify(reference, ours, { type: 'vuln' })).code).not.toBe(0);
    }
  });

  test.each(['payload', 'signature'] as const)('what it signs and tampers with (%s), cosign denies', async (tamper) => {
    const key = newKey();
    const ours = await forCosign(key, `tampered-${tamper}`);
    for (const [format, verify] of [['sig', verify2] as const, ['bundle', verify3] as const]) {
      const digest = await makeImage(destination, 'tampered', format);
      await sign(destination, { repository: 'tampered', digest, key, format, tamper });
      expect((await verify(`${registry.host}/tampered@${digest}`, ours)).code).not.toBe(0);
    }
  });
});

const settings: [string, RegistryOptions][] = [
  ['with the referrers API', {}],
  ['without it', { referrers: 'off' }],
  ['with bearer tokens', { auth: { scheme: 'bearer', user: 'pusher', password: 'of these tests' } }],
  ['with a password', { auth: { scheme: 'basic', user: 'pusher', password: 'of these tests' } }],
];

describe.each(settings)('the registry %s', (name, options) => {
  let registry: LocalRegistry;
  let key: CosignKey;

  beforeAll(async () => {
    registry = await startRegistry(options);
    key = await keyPair(join(dir, 'keys'), 'ecdsa-p256', name.replaceAll(' ', '-'));
    if (options.auth === undefined) return;
    const login = ['auth', 'login', registry.host, '-u', 'pusher', '-p', 'of these tests'];
    await runOk(await tool('crane'), login);
  });

  afterAll(async () => {
    await registry?.close();
  });

  test('takes what crane copies into it, and gives it back', async () => {
    const source = await startRegistry();
    try {
      const image = await pushImage(source.host, 'from/elsewhere', 'v1');
      const { digest: index } = await pushIndex(source.host, 'from/elsewhere', 'many');
      const crane = await tool('crane');
      for (const tag of ['v1', 'many']) {
        await runOk(crane, ['copy', `${source.host}/from/elsewhere:${tag}`, `${registry.host}/copied:${tag}`]);
        await runOk(crane, ['validate', '--remote', `${registry.host}/copied:${tag}`]);
      }
      const digest = async (tag: string) => (await runOk(crane, ['digest', `${registry.host}/copied:${tag}`])).stdout;
      expect([await digest('v1'), await digest('many')]).toEqual([`${image}\n`, `${index}\n`]);
      const { stdout } = await runOk(crane, ['ls', `${registry.host}/copied`]);
      expect(stdout.split('\n')).toEqual(expect.arrayContaining(['v1', 'many']));
      await runOk(crane, ['delete', `${registry.host}/copied@${image}`]);
      await expect(runOk(crane, ['manifest', `${registry.host}/copied@${image}`])).rejects.toThrow('MANIFEST_UNKNOWN');
    } finally {
      await source.close();
    }
  });

  test('takes what both cosigns sign and attest, which they verify there', async () => {
    for (const [sign, attest, verify, verifyAttestation] of [
      [sign2, attest2, verify2, verifyAttestation2] as const,
      [sign3, attest3, verify3, verifyAttestation3] as const,
    ]) {
      const digest = await makeImage(storeDestination(registry), 'signed', undefined, { label: sign.name });
      const reference = `${registry.host}/signed@${digest}`;
      await sign(reference, key);
      expect(await verify(reference, key)).toMatchObject({ code: 0 });
      await attest(reference, key, { type, predicate });
      expect(await verifyAttestation(reference, key, { type })).toMatchObject({ code: 0 });
      if (options.auth !== undefined) continue;
      const policy = policyOf(`${registry.host}/*`, [{ entries: [keys(key.pem)] }]);
      expect(await reasonsFor(policy, [reference])).toEqual(['verified']);
    }
  });
});
