import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoliciesInForce } from '../functions/http/handler.ts';
import { EmptyPolicySet } from '../shared/policy-set/clusters.ts';
import { policy } from '../test/e2e/harness.ts';
import { readPolicyFolder } from './policies.ts';
import { newKey } from './signer/keys.ts';

let folder: string;
const text = (name: string) => policy({ name, images: 'ghcr.io/acme/*', keys: [newKey()] });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policies-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('files at the top hold for every cluster, those in a folder for the cluster of that name', async () => {
  await writeFile(join(folder, 'all.yaml'), text('all'));
  await mkdir(join(folder, 'prod'));
  await writeFile(join(folder, 'prod', 'more.yaml'), text('more'));
  const { clusters } = await readPolicyFolder(folder);
  expect([...clusters.keys()]).toEqual(['default', 'prod']);
  expect(policiesOf(clusters.get('default'))).toEqual(['all']);
  expect(policiesOf(clusters.get('prod'))).toEqual(['all', 'more']);
});

test('a mounted ConfigMap, links into a folder that begins with a dot, is read like files', async () => {
  await mkdir(join(folder, '..2026_01_01'));
  await writeFile(join(folder, '..2026_01_01', 'all.yaml'), text('all'));
  await symlink('..2026_01_01', join(folder, '..data'));
  await symlink('..data/all.yaml', join(folder, 'all.yaml'));
  const { clusters } = await readPolicyFolder(folder);
  expect([...clusters.keys()]).toEqual(['default']);
  expect(policiesOf(clusters.get('default'))).toEqual(['all']);
});

test('a cluster without a rule never means "admit everything"', async () => {
  await mkdir(join(folder, 'prod'));
  await writeFile(join(folder, 'prod', 'more.yaml'), text('more'));
  await expect(readPolicyFolder(folder)).rejects.toThrow(EmptyPolicySet);
});

test.each([['prod/team'], ['prod/team/eu'], ['prod/team/eu/west']])(
  'a policy that is nested too deep, in %s, is refused, not left out',
  async (deep) => {
    await writeFile(join(folder, 'all.yaml'), text('all'));
    await mkdir(join(folder, deep), { recursive: true });
    await writeFile(join(folder, deep, 'hidden.yaml'), text('hidden'));
    await expect(readPolicyFolder(folder)).rejects.toThrow('nested too deep');
  },
);

function policiesOf(inForce: PoliciesInForce | undefined): string[] {
  return [...new Set(inForce?.scopes.fail.map((rule) => rule.policy))];
}

test('a file in the place of the folder, and a folder that is not there, are told', async () => {
  await writeFile(join(folder, 'all.yaml'), text('all'));
  await expect(readPolicyFolder(join(folder, 'all.yaml'))).rejects.toThrow('all.yaml is a file: give the folder');
  await expect(readPolicyFolder(join(folder, 'gone'))).rejects.toThrow(/there is no folder .*gone: give the folder/);
});
