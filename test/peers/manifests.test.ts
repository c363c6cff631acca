import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LocalRegistry, startRegistry } from '../../local/registry/server.ts';
import { storeDestination } from '../../local/signer/destination.ts';
import { newKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { pod, policy } from '../e2e/documents.ts';
import { countersign } from './countersign.ts';
import { oneCluster } from './scene.ts';
import { type RunningServer, startServe } from './serve.ts';
import { runOk } from './tools.ts';

// `countersign manifests … | kubectl apply -f -` against a real API server, and `countersign serve` behind what was applied.

const token = 'a-token-of-these-tests';
const cluster = oneCluster();

let dir: string;
let registry: LocalRegistry;
let server: RunningServer;
let signed: string;
let unsigned: string;
let audited: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-manifests-'));
  registry = await startRegistry();
  const key = newKey();
  const destination = storeDestination(registry);
  const digest = await makeImage(destination, 'good', '1', { label: 'good' });
  await sign(destination, { repository: 'good', digest, key });
  for (const name of ['bad', 'tried']) await makeImage(destination, name, '1', { label: name });
  [signed = '', unsigned = '', audited = ''] = ['good', 'bad', 'tried'].map((name) => `${registry.host}/${name}:1`);
  await mkdir(join(dir, 'policies', 'blue'), { recursive: true });
  const images = ['good', 'bad'].map((name) => `${registry.host}/${name}`);
  await writeFile(join(dir, 'policies', 'all.yaml'), policy({ name: 'all', images, keys: [key] }));
  const tried = policy({ name: 'tried', images: `${registry.host}/tried`, keys: [key], action: 'Audit' });
  await writeFile(join(dir, 'policies', 'blue', 'tried.yaml'), tried);
  server = await startServe(dir, join(dir, 'policies'), { args: ['--token', token] });
  for (const name of ['shop', 'emergency']) await cluster().kubectl(['create', 'namespace', name]);
});

afterAll(async () => {
  await server?.stop();
  await registry?.close();
  await rm(dir, { recursive: true, force: true });
});

async function manifests(...args: string[]): Promise<string> {
  const trusted = ['--ca', join(dir, 'tls.crt'), '--cluster', 'blue', '--token', token];
  const { stdout, stderr } = await runOk(countersign, [
    'manifests',
    '--policies',
    join(dir, 'policies'),
    '--url',
    server.url,
    ...trusted,
    '--break-glass',
    'emergency',
    ...args,
  ]);
  expect(stderr).toBe('');
  return stdout;
}

const apply = (text: string) => cluster().kubectl(['apply', '-f', '-'], text);
const nameOf = (image: string) => /([a-z]+):1$/.exec(image)?.[1] ?? '';
const create = (image: string, namespace: string, ...args: string[]) =>
  cluster().kubectl(['create', '-f', '-', ...args], pod([image], { namespace, name: nameOf(image) }));

test('kubectl applies both configurations without a warning, and again without a change', async () => {
  const names = [
    'mutatingwebhookconfiguration.admissionregistration.k8s.io/countersign',
    'validatingwebhookconfiguration.admissionregistration.k8s.io/countersign',
  ];
  const all = (what: string) => names.map((name) => `${name} ${what}\n`).join('');
  expect(await apply(await manifests())).toEqual({ code: 0, stdout: all('created'), stderr: '' });
  expect(await apply(await manifests())).toEqual({ code: 0, stdout: all('unchanged'), stderr: '' });
  expect(await apply(await manifests('-o', 'json'))).toEqual({ code: 0, stdout: all('unchanged'), stderr: '' });
});

test('an unsigned image is denied by the webhook of its name, a signed one is pinned', async () => {
  const end = Date.now() + 20_000;
  while ((await create(unsigned, 'shop', '--dry-run=server')).code === 0 && Date.now() < end) await delay(50);
  const denied = await create(unsigned, 'shop');
  expect(denied.stderr).toContain('admission webhook "mutate-fail.countersign.internal" denied the request');
  const { code, stderr } = await create(signed, 'shop');
  expect([code, stderr]).toEqual([0, '']);
  const stored = await cluster().kubectl(['-n', 'shop', 'get', 'pod/good', '-o', 'json']);
  expect(JSON.parse(stored.stdout).spec.containers[0].image).toMatch(/@sha256:[0-9a-f]{64}$/);
});

test('a rule of the cluster that only audits is asked too, and warns', async () => {
  const { code, stderr } = await create(audited, 'shop');
  expect(code).toBe(0);
  expect(stderr).toContain('Warning: tried/check: ');
});

test('the break-glass namespace admits, and its use is recorded; kube-system is not asked about', async () => {
  const used = await create(unsigned, 'emergency');
  expect(used).toMatchObject({ code: 0, stdout: 'pod/bad created\n' });
  expect(used.stderr).toContain('Warning: ');
  const record = await server.logged(({ namespace, dryRun }) => namespace === 'emergency' && !dryRun);
  expect(record).toMatchObject({ cluster: 'blue', step: 'validate', allowed: true, name: 'bad' });
  expect(record.images[0]).toMatchObject({ result: 'fail', policy: 'all' });
  expect(await create(unsigned, 'kube-system')).toEqual({ code: 0, stdout: 'pod/bad created\n', stderr: '' });
});

test('for recording alone nothing is blocked anywhere, and what would be is warned of', async () => {
  const all = await cluster().kubectl(['get', 'validatingwebhookconfiguration/countersign', '-o', 'json']);
  const args = ['--policies', join(dir, 'policies'), '--url', server.url, '--ca', join(dir, 'tls.crt')];
  const audit = await runOk(countersign, ['manifests', ...args, '--cluster', 'blue', '--token', token, '--audit-only']);
  expect(await apply(audit.stdout)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('countersign configured'),
  });
  await cluster().kubectl(['delete', 'mutatingwebhookconfiguration/countersign']);
  await cluster().kubectl(['create', 'namespace', 'recorded']);
  try {
    const end = Date.now() + 20_000;
    const tried = () => create(unsigned, 'recorded', '--dry-run=server');
    while (!(await tried()).stderr.startsWith('Warning: all/check: ') && Date.now() < end) await delay(50);
    const { code, stderr } = await create(unsigned, 'recorded');
    expect([code, stderr]).toEqual([0, expect.stringContaining('Warning: all/check: ')]);
  } finally {
    await apply(await manifests());
  }
  const restored = await cluster().kubectl(['get', 'validatingwebhookconfiguration/countersign', '-o', 'json']);
  const webhooks = (text: string) => JSON.parse(text).webhooks.map(({ name }: { name: string }) => name);
  expect(webhooks(restored.stdout)).toEqual(webhooks(all.stdout));
  const end = Date.now() + 20_000;
  const refused = async () => (await create(unsigned, 'shop', '--dry-run=server')).code !== 0;
  while (!(await refused()) && Date.now() < end) await delay(50);
});

test('with the endpoint gone kube-system and the break-glass namespace are as free as before, and no other is', async () => {
  expect(await server.stop()).toBe(0);
  expect(await create(signed, 'emergency')).toMatchObject({ code: 0 });
  expect(await create(signed, 'kube-system')).toMatchObject({ code: 0 });
  await cluster().kubectl(['create', 'namespace', 'other']);
  expect((await create(signed, 'other')).stderr).toContain('failed calling webhook "mutate-fail.countersign.internal"');
});
