import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  attest2,
  attest3,
  type CosignKey,
  type KeyAlgorithm,
  keyPair,
  sign2,
  sign3,
  verify2,
  verify3,
  verifyAttestation2,
  verifyAttestation3,
} from './cosign.ts';
import { ociIndex, pushImage, pushIndex } from './images.ts';
import { bothRegistries, type RunningRegistry, startGgcr } from './registries.ts';
import { run, runOk, tool } from './tools.ts';
import { send } from './wire.ts';

// What these tests hold is that the peers themselves work, so that a failure elsewhere in this folder is ours.

let dir: string;
let key: CosignKey;
let foreign: CosignKey;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  key = await keyPair(join(dir, 'keys'), 'ecdsa-p256');
  foreign = await keyPair(join(dir, 'keys'), 'ecdsa-p256', 'foreign');
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe.each(bothRegistries)('the registry of %s', (name, start) => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await start(join(dir, name));
  });

  afterAll(async () => {
    await registry?.stop();
  });

  /** A new image's reference by digest. */
  async function image(repo: string): Promise<string> {
    return `${registry.host}/${repo}@${await pushImage(registry.host, repo, 'v1')}`;
  }

  test('takes images that crane finds valid, each with its own digest', async () => {
    const { host } = registry;
    const digests = [await pushImage(host, 'some/images', 'a'), await pushImage(host, 'some/images', 'b')];
    expect(new Set(digests).size).toBe(2);
    digests.push(await pushImage(host, 'some/images', 'c', { format: 'docker' }));
    const crane = await tool('crane');
    await runOk(crane, ['validate', '--remote', `${host}/some/images:a`]);
    await runOk(crane, ['validate', '--remote', `${host}/some/images:c`]);
    const { stdout } = await runOk(crane, ['digest', `${host}/some/images:b`]);
    expect(stdout.trim()).toBe(digests[1]);
  });

  test('takes an index and its images', async () => {
    const { host } = registry;
    const { digest, children } = await pushIndex(host, 'some/index', 'v1');
    const crane = await tool('crane');
    await runOk(crane, ['validate', '--remote', `${host}/some/index:v1`]);
    const platform = ['--platform', 'linux/arm64'];
    const { stdout } = await runOk(crane, ['digest', ...platform, `${host}/some/index@${digest}`]);
    expect(stdout.trim()).toBe(children[1]);
  });

  test('answers 404 for an image that is not there', async () => {
    const { status } = await send('GET', `http://${registry.host}/v2/some/images/manifests/absent`);
    expect(status).toBe(404);
  });

  test('cosign 2 signs by digest, and both cosigns believe the signature', async () => {
    const reference = await image('cosign2/signed');
    await sign2(reference, key);
    expect(await verify2(reference, key)).toMatchObject({ code: 0 });
    expect(await verify3(reference, key)).toMatchObject({ code: 0 });
    expect((await verify2(reference, foreign)).code).not.toBe(0);
  });

  test('cosign 3 signs by digest, and believes its own signature', async () => {
    const reference = await image('cosign3/signed');
    await sign3(reference, key);
    expect(await verify3(reference, key)).toMatchObject({ code: 0 });
    expect((await verify3(reference, foreign)).code).not.toBe(0);
  });

  test('an unsigned image fails with both cosigns', async () => {
    const reference = await image('un/signed');
    expect((await verify2(reference, key)).stderr).toMatch(/no signatures found/);
    expect((await verify3(reference, key)).stderr).toMatch(/no signatures found/);
  });

  test('annotations are part of the signature', async () => {
    const annotations = { env: 'prod', team: 'web' };
    const old = await image('cosign2/annotated');
    await sign2(old, key, { annotations });
    expect(await verify2(old, key, { annotations: { env: 'prod' } })).toMatchObject({ code: 0 });
    expect((await verify2(old, key, { annotations: { env: 'dev' } })).code).not.toBe(0);
    const bundled = await image('cosign3/annotated');
    await sign3(bundled, key, { annotations });
    expect(await verify3(bundled, key, { annotations: { env: 'prod' } })).toMatchObject({ code: 0 });
    expect((await verify3(bundled, key, { annotations: { env: 'dev' } })).code).not.toBe(0);
    expect(JSON.parse((await verify3(bundled, key)).stdout)).toMatchObject([{ optional: annotations }]);
  });

  test('COSIGN_REPOSITORY keeps the signatures elsewhere', async () => {
    const repository = `${registry.host}/elsewhere/signatures`;
    for (const [sign, verify] of [[sign2, verify2] as const, [sign3, verify3] as const]) {
      const reference = await image('signed/elsewhere');
      await sign(reference, key, { repository });
      expect(await verify(reference, key, { repository })).toMatchObject({ code: 0 });
      expect((await verify(reference, key)).code).not.toBe(0);
    }
  });

  test('attestations are believed with their type and not with another', async () => {
    const type = 'https://example.test/review/v1';
    const predicate = { approved: true };
    const old = await image('cosign2/attested');
    await attest2(old, key, { type, predicate });
    expect(await verifyAttestation2(old, key, { type })).toMatchObject({ code: 0 });
    expect((await verifyAttestation2(old, key, { type: 'vuln' })).code).not.toBe(0);
    const bundled = await image('cosign3/attested');
    await attest3(bundled, key, { type, predicate });
    expect(await verifyAttestation3(bundled, key, { type })).toMatchObject({ code: 0 });
    expect((await verifyAttestation3(bundled, key, { type: 'vuln' })).code).not.toBe(0);
  });

  test('a recursive signature covers an index and each of its images', async () => {
    const { host } = registry;
    const { digest, children } = await pushIndex(host, 'signed/index', 'v1');
    await sign2(`${host}/signed/index@${digest}`, key, { recursive: true });
    for (const each of [digest, ...children]) {
      expect(await verify2(`${host}/signed/index@${each}`, key)).toMatchObject({ code: 0 });
    }
  });
});

describe('keys of every kind', () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startGgcr();
  });

  afterAll(async () => {
    await registry?.stop();
  });

  const algorithms: [KeyAlgorithm, boolean][] = [
    ['ecdsa-p384', true],
    ['ecdsa-p521', true],
    ['rsa-2048', true],
    // cosign signs with Ed25519ph and verifies with pure Ed25519: it does not believe its own signature.
    ['ed25519', false],
  ];

  test.each(algorithms)('both cosigns sign with %s (and verify what they signed: %s)', async (algorithm, verifies) => {
    const other = await keyPair(join(dir, 'keys'), algorithm);
    expect(other.pem).toMatch(/^-----BEGIN PUBLIC KEY-----/);
    const digest = await pushImage(registry.host, 'keys', algorithm);
    const reference = `${registry.host}/keys@${digest}`;
    await sign2(reference, other);
    const tag = await send('GET', `http://${registry.host}/v2/keys/manifests/${digest.replace(':', '-')}.sig`);
    expect(JSON.parse(tag.body.toString())).toMatchObject({ layers: [{}] });
    expect((await verify2(reference, other)).code === 0).toBe(verifies);
    await sign3(reference, other);
    const referrers = await send('GET', `http://${registry.host}/v2/keys/referrers/${digest}`);
    expect(JSON.parse(referrers.body.toString())).toMatchObject({ mediaType: ociIndex, manifests: [{}] });
    expect((await verify3(reference, other)).code === 0).toBe(verifies);
  });
});

describe('running a peer', () => {
  test('nothing of the environment leaks into it', async () => {
    process.env.COSIGN_REPOSITORY = 'registry.example/leaked';
    try {
      const { stdout } = await run(process.execPath, ['-p', 'JSON.stringify(process.env)']);
      const seen = JSON.parse(stdout);
      expect(seen.COSIGN_REPOSITORY).toBeUndefined();
      expect(seen.DOCKER_CONFIG).toBe(join(seen.HOME, '.docker'));
      expect(seen.HOME).not.toBe(process.env.HOME);
    } finally {
      delete process.env.COSIGN_REPOSITORY;
    }
  });

  test('a program that does not end is killed, and one that does keeps its status', async () => {
    const endless = await run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeout: 300 });
    expect(endless).toMatchObject({ code: -1, stderr: expect.stringContaining('300 ms') });
    expect(await run(process.execPath, ['-e', 'process.exit(3)'])).toMatchObject({ code: 3 });
  });
});
