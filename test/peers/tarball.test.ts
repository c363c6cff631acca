import { createPublicKey } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKms } from '../../shared/aws/testing/kms.ts';
import { fakeCredentials } from '../../shared/aws/testing/service.ts';
import { githubIssuer } from '../fixtures/authority/certificate.ts';
import { type CosignKey, keyPair, sign3 } from './cosign.ts';
import { root } from './countersign.ts';
import { pushImage } from './images.ts';
import { keyless, keys, policyOf } from './policies.ts';
import { type RunningRegistry, startGgcr } from './registries.ts';
import { startServe } from './serve.ts';
import { keylessSign } from './sigstore/cosign.ts';
import { startSigstore } from './sigstore/server.ts';
import { machinePath, type RunOptions, type RunResult, run, runOk } from './tools.ts';

// What `npm pack` makes, installed in an empty folder as a user would (npm's own registry or cache has to be within reach), and
// run there with the machine's own Node.

let dir: string;
/** The folder with the package in its node_modules. */
let project: string;
let files: string[];
let registry: RunningRegistry;
let policies: string;
let key: CosignKey;
let signed: string;
let unsigned: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  project = join(dir, 'project');
  policies = join(dir, 'policies');
  await Promise.all([mkdir(project), mkdir(policies)]);
  const packed = await npm(['pack', '--json', '--pack-destination', dir], { cwd: root });
  const [tarball] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[')));
  files = tarball.files.map(({ path }: { path: string }) => path).sort();
  const quietly = ['--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  await npm(['install', ...quietly, '--prefix', project, join(dir, tarball.filename)], { cwd: project });

  registry = await startGgcr();
  key = await keyPair(join(dir, 'keys'), 'ecdsa-p256');
  signed = `${registry.host}/packed/signed@${await pushImage(registry.host, 'packed/signed', 'v1')}`;
  unsigned = `${registry.host}/packed/unsigned@${await pushImage(registry.host, 'packed/unsigned', 'v1')}`;
  await sign3(signed, key);
  await writeFile(join(policies, 'signed.yaml'), policyOf(`${registry.host}/*`, [{ entries: [keys(key.pem)] }]));
}, 300_000);

afterAll(async () => {
  await registry?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** npm with the user's own configuration and cache, but nothing that an npm around these tests tells its children. */
async function npm(args: string[], options: RunOptions): Promise<RunResult> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(cache|registry|userconfig)$)/i.test(name),
  );
  const wholeEnv = { ...Object.fromEntries(own.map(([name, value]) => [name, value ?? ''])), PATH: machinePath() };
  return runOk('npm', args, { timeout: 240_000, ...options, wholeEnv });
}

function verify(command: string, before: string[], image: string, options: RunOptions = {}): Promise<RunResult> {
  const words = ['verify', '--policy', join(policies, 'signed.yaml'), '--image', image, '-o', 'json'];
  return run(command, [...before, ...words], { env: { PATH: machinePath() }, ...options });
}

/** A pass with status 0 for the signed image, a fail with status 1 for the other. */
async function expectVerdicts(ask: (image: string) => Promise<RunResult>): Promise<void> {
  for (const [image, code, verdict, reason] of [
    [signed, 0, 'pass', 'verified'] as const,
    [unsigned, 1, 'fail', 'no-signature'] as const,
  ]) {
    const result = await ask(image);
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({ verdict, results: [{ image, reason }] });
  }
}

test('it holds the command, its bundle and what people read, and nothing else', () => {
  const read = ['CHANGELOG.md', 'LICENSE', 'NOTICE', 'README.md', 'package.json'];
  expect(files).toEqual(
    expect.arrayContaining(['LICENSE', 'bin/compiled.js', 'bin/countersign', 'dist/cli.cjs', 'package.json']),
  );
  expect(files.filter((file) => !/^(bin|dist)\//.test(file) && !read.includes(file))).toEqual([]);
  expect(files.filter((file) => file.startsWith('dist/'))).toEqual([
    'dist/cli.cjs',
    'dist/kms-client.cjs',
    'dist/secret-editing-client.cjs',
    'dist/signer-client.cjs',
    'dist/trusted_root.json',
  ]);
});

test('the installed command verifies', async () => {
  const command = join(project, 'node_modules', '.bin', 'countersign');
  await expectVerdicts((image) => verify(command, [], image));
});

test('it asks AWS KMS for a key, with what is loaded for that alone', async () => {
  const kms = await startKms();
  kms.keys.set('alias/cosign', { key: { der: createPublicKey(key.pem).export({ format: 'der', type: 'spki' }) } });
  const file = join(dir, 'kms.yaml');
  const attestors = [{ entries: [{ keys: { kms: 'awskms:///alias/cosign', rekor: { ignoreTlog: true } } }] }];
  await writeFile(file, policyOf(`${registry.host}/*`, attestors));
  const command = join(project, 'node_modules', '.bin', 'countersign');
  const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = fakeCredentials;
  const aws = { AWS_ENDPOINT_URL_KMS: kms.endpoint, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  try {
    await expectVerdicts((image) =>
      run(command, ['verify', '--policy', file, '--image', image, '-o', 'json'], {
        env: { PATH: machinePath(), ...aws },
      }),
    );
    expect(kms.calls).toHaveLength(2);
  } finally {
    await kms.close();
  }
});

test('it verifies without a key, by a regular expression and a trust root', async () => {
  const sigstore = await startSigstore(join(dir, 'sigstore'));
  try {
    const name = `${registry.host}/packed/keyless@${await pushImage(registry.host, 'packed/keyless', 'v1')}`;
    await keylessSign('cosign3', sigstore, name);
    const command = join(project, 'node_modules', '.bin', 'countersign');
    const asked = async (subjectRegExp: string) => {
      const file = join(dir, 'keyless.yaml');
      await writeFile(file, policyOf('*', [{ entries: [keyless({ issuer: githubIssuer, subjectRegExp })] }]));
      const trust = ['--trusted-root', sigstore.files.trustedRoot];
      const words = ['verify', '--policy', file, '--image', name, ...trust, '-o', 'json'];
      const { stdout } = await run(command, words, { env: { PATH: machinePath() } });
      return JSON.parse(stdout).results[0].reason;
    };
    expect(await asked('^https://github\\.com/acme/.*$')).toBe('verified');
    expect(await asked('^https://github\\.com/other/.*$')).toBe('subject-mismatch');
  } finally {
    await sigstore.stop();
  }
});

test('npx finds it', async () => {
  await expectVerdicts((image) =>
    verify('npx', ['--offline', 'countersign'], image, { cwd: project, env: { PATH: machinePath() } }),
  );
  const { stdout } = await runOk('npx', ['--offline', 'countersign', '--help'], {
    cwd: project,
    env: { PATH: machinePath() },
  });
  expect(stdout).toContain('countersign verify --policy FILE...');
});

test('it serves, with a certificate that it makes', async () => {
  const server = await startServe(dir, policies, {
    command: join(project, 'node_modules', '.bin', 'countersign'),
    env: { PATH: machinePath() },
    certificate: 'made',
  });
  try {
    const review = {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        uid: 'packed',
        kind: { group: '', version: 'v1', kind: 'Pod' },
        resource: { group: '', version: 'v1', resource: 'pods' },
        operation: 'CREATE',
        namespace: 'default',
        userInfo: { username: 'tester' },
        object: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web' },
          spec: { containers: [{ name: 'web', image: signed }] },
        },
      },
    };
    const admitted = await server.post('/mutate', review);
    expect(JSON.parse(admitted.body).response).toMatchObject({ uid: 'packed', allowed: true });
    const denied = await server.post('/mutate', JSON.parse(JSON.stringify(review).replaceAll(signed, unsigned)));
    expect(JSON.parse(denied.body).response).toMatchObject({ allowed: false, status: { code: 403 } });
  } finally {
    expect(await server.stop()).toBe(0);
  }
});

test('the bundle needs no other package', async () => {
  const alone = join(dir, 'alone');
  await cp(join(project, 'node_modules', 'countersign'), alone, { recursive: true });
  // Node itself is the one that runs these tests.
  const command = join(alone, 'bin', 'countersign');
  await expectVerdicts((image) => verify(process.execPath, [command], image));
  const serving = join(alone, 'serving');
  await writeFile(serving, `#!/bin/sh\nexec '${process.execPath}' '${command}' "$@"\n`, { mode: 0o755 });
  const server = await startServe(dir, policies, { command: serving, certificate: 'made' });
  expect(await server.get('/healthz')).toEqual({ status: 200, body: 'ok\n' });
  expect(await server.stop()).toBe(0);
});
