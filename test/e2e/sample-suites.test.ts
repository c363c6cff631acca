import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readPolicySet } from '../../local/policies.ts';
import { startRegistry } from '../../local/registry/server.ts';
import { carriedRoots } from '../../local/trust-root.ts';
import { folderWith, inThisProcess, root } from './processes.ts';
import type { Told } from './suites-world.ts';

// The suites beside the samples: what each sample leaves alone, which no registry has to be asked for.

const samples = join(root, 'policies', 'samples');

async function tested(...words: readonly string[]) {
  const { status, stdout, stderr } = await inThisProcess(['test', ...words, '-o', 'json']);
  return { status, told: JSON.parse(stdout) as Told, stderr };
}

test('each sample has a suite, and holds it without a warning', async () => {
  const { status, told, stderr } = await tested(samples, '--require-tests');
  expect([status, told.problems, stderr]).toEqual([0, [], '']);
  const named = (await readdir(samples))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));
  expect(told.suites.map(({ file }) => basename(dirname(file))).sort()).toEqual(named.sort());
  const results = told.suites.flatMap((suite) => suite.results);
  expect(results.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
});

test('suites are no policies', async () => {
  const { rules } = await readPolicySet([samples], { openHosts: 'allow', registries: [], trust: carriedRoots() });
  expect(rules.filter(({ file }) => file.includes('kyverno-test'))).toEqual([]);
  expect(rules).toHaveLength(58);
});

test.each([
  ['nested-sets', '- sandbox', '- elsewhere'],
  ['two-of-three-keys', 'prod-*', '*'],
  ['tekton-tasks', 'tekton: unsigned', 'tekton: elsewhere'],
  ['one-key', '/platform/*', '/*'],
  ['skip-list', '/mirror/*', '/mirrors/*'],
])('a %s that asks more does not', async (name, written, changed) => {
  await using folder = await folderWith({});
  await using registry = await startRegistry();
  await cp(samples, folder.file('samples'), { recursive: true });
  const suite = folder.file(`samples/.kyverno-test/${name}`);
  // Where nothing is, so that no name is looked up.
  const rewrite = async (file: string, change: (text: string) => string) =>
    writeFile(file, change((await readFile(file, 'utf8')).replaceAll('registry.example.com/', `${registry.host}/`)));
  const policy = folder.file(`samples/${name}.yaml`);
  await rewrite(join(suite, 'resources.yaml'), (text) => text);
  await rewrite(policy, (text) => text);
  expect((await tested(suite)).status).toBe(0);
  await rewrite(policy, (text) => text.replaceAll(written, changed));
  const { status, told } = await tested(suite);
  expect(status).toBe(1);
  expect(told.suites.flatMap(({ results }) => results)).toContainEqual(
    expect.objectContaining({ reason: expect.stringMatching(/^Want skip, got (?:error|fail)$/) }),
  );
});
