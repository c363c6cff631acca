import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { filesBelow, readBounded } from '../../local/files.ts';
import type { PolicyFile } from '../../shared/policy/kyverno/load.ts';
import { Report } from '../../shared/policy/kyverno/report.ts';
import { jsonOf } from '../../shared/policy/kyverno/tree-json.ts';
import { readDocuments } from '../../shared/policy/kyverno/yaml/document.ts';
import { type LoadProblem, PolicyLoadError } from '../../shared/policy/problems.ts';
import { documentFile, isOfNotary } from '../../shared/policy-set/layout.ts';
import { largestFile } from '../../shared/policy-set/source.ts';
import type { NamedFile, Suite } from './suite.ts';

/** Throws PolicyLoadError with each file that a suite names and that is not there. */
export async function refuseMissing({ others, ...suite }: Suite): Promise<void> {
  const named = [
    ...suite.policies,
    ...suite.resources,
    ...suite.exceptions,
    ...suite.clusterResources,
    ...[suite.userInfo, suite.variables].filter((file) => file !== undefined),
    ...others,
  ];
  const problems: LoadProblem[] = [];
  for (const { name, at } of named) {
    const found = await stat(name).catch(() => undefined);
    // What comes out of a device or a pipe is another suite's the next time.
    const what = found === undefined ? 'there is no file' : 'is neither a file nor a folder:';
    if (!found?.isFile() && !found?.isDirectory()) problems.push({ ...at, message: `${what} ${name}` });
  }
  if (problems.length > 0) throw new PolicyLoadError(problems);
}

/** The texts of a suite's policies, and the ConfigMaps that are in its cluster. Throws FileError, PolicyLoadError. */
export async function policyTexts({ policies, clusterResources }: Suite): Promise<readonly PolicyFile[]> {
  const files: PolicyFile[] = [];
  for (const name of await filesOf(policies)) files.push({ name, text: await readBounded(name, largestFile) });
  return [...files, ...(await configMapsOf(clusterResources))];
}

async function filesOf(named: readonly NamedFile[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const { name } of named) {
    const below = await filesBelow(name);
    files.push(
      ...(below === undefined
        ? [name]
        : below.filter((file) => documentFile.test(file) && !isOfNotary(relative(name, file)))),
    );
  }
  return files;
}

/** Of the resources of a `kind: ClusterResource` a rule of images can read ConfigMaps alone. */
async function configMapsOf(named: readonly NamedFile[]): Promise<readonly PolicyFile[]> {
  const files: PolicyFile[] = [];
  for (const name of await filesOf(named)) {
    const report = new Report(name);
    const text = await readBounded(name, largestFile);
    const resources = readDocuments(text, report).flatMap((place) => place.field('spec').field('resources').items);
    if (report.problems.length > 0) throw new PolicyLoadError(report.problems);
    const maps = resources.filter((place) => place.field('kind').text === 'ConfigMap');
    const items = maps.flatMap(({ tree }) => (tree === undefined ? [] : [jsonOf(tree)]));
    if (items.length > 0) files.push({ name, text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  }
  return files;
}
