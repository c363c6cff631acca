import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CosignKey, keyPair, sign2 } from './cosign.ts';
import { verifyImages } from './countersign.ts';
import { pushImage } from './images.ts';
import { kyvernoApply } from './kyverno/apply.ts';
import { keys, policyOf } from './policies.ts';
import { type RunningRegistry, startGgcr } from './registries.ts';

let dir: string;
let registry: RunningRegistry;
let key: CosignKey;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-kyverno-'));
  registry = await startGgcr();
  key = await keyPair(dir, 'ecdsa-p256');
});

afterAll(async () => {
  await registry?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('of a signed and an unsigned image Kyverno lets one in, as we do', async () => {
  const { host } = registry;
  await sign2(`${host}/app@${await pushImage(host, 'app', 'signed')}`, key);
  await pushImage(host, 'app', 'unsigned');
  const images = [`${host}/app:signed`, `${host}/app:unsigned`];
  const policy = policyOf(`${host}/*`, [{ entries: [keys(key.pem)] }]);

  const results = await kyvernoApply(policy, [pod('good', `${host}/app:signed`), pod('bad', `${host}/app:unsigned`)]);
  const rule = { policy: 'signed', rule: 'by-the-team' };
  expect(results.filter(({ resource }) => resource === 'Pod/default/good')).toEqual([
    expect.objectContaining({ ...rule, result: 'pass', message: 'image verified' }),
    expect.objectContaining({ ...rule, result: 'pass', message: `verified image signatures for ${host}/app:signed` }),
  ]);
  const reason = `failed to verify image ${host}/app:unsigned: .attestors[0].entries[0].keys: no signatures found`;
  expect(results.filter(({ resource }) => resource === 'Pod/default/bad')).toEqual([
    expect.objectContaining({ ...rule, result: 'fail', message: reason }),
    expect.objectContaining({ ...rule, result: 'fail', message: expect.stringMatching(/^unverified image /) }),
  ]);

  const ours = await verifyImages(policy, images);
  expect(ours.results.map(({ result }) => result)).toEqual(['pass', 'fail']);
});

test('of an image that no rule is about Kyverno says nothing', async () => {
  const policy = policyOf('registry.example/*', [{ entries: [keys(key.pem)] }]);
  expect(await kyvernoApply(policy, [pod('other', `${registry.host}/app:v1`)])).toEqual([]);
});

test('a policy that Kyverno does not take is no answer', async () => {
  const policy = policyOf('registry.example/*', [{ entries: [keys(key.pem)] }], { unheardOf: true });
  await expect(kyvernoApply(policy, [pod('other', `${registry.host}/app:v1`)])).rejects.toThrow('kyverno apply');
});

function pod(name: string, image: string): object {
  const metadata = { name, namespace: 'default' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'app', image }] } };
}
