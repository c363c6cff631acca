import { notaryPath } from '../policy/notary/paths.ts';
import { type LoadProblem, PolicyLoadError } from '../policy/problems.ts';
import { type NotaryNames, notaryFolder } from './notary.ts';

/** The folder that is never deployed, so never a cluster. */
const samples = 'samples';
/** The folder that exceptions may stand in, beside the policies that they are from: for all clusters, or for the one whose folder it is in. */
const exceptions = 'exceptions';
/** Where the suites of Kyverno's command line lie beside policies, as with Kyverno's own: they are none, and never deployed. */
export const suiteFolder = '.kyverno-test';
/** Folders that are none of a cluster's, and so cannot be a cluster's name. */
export const reservedFolders: readonly string[] = [samples, exceptions, notaryFolder];
/** The names of files that are read where a folder or a pattern is named: policies, resources and suites are nothing else. */
export const documentFile = /\.(?:ya?ml|json)$/i;
/**
 * What may lie beside policies: documentation, what Artifact Hub's catalogue has of them, and what begins with a dot. Anything else could be
 * a policy misnamed.
 */
const noPolicy = /^\.|\.(?:md|txt)$|^(?:LICENSE|NOTICE|OWNERS|CODEOWNERS)$|^artifacthub-(?:pkg|repo)\.ya?ml$/i;

/** Whether a file of this name is read as policies. */
function kindOf(base: string): 'policy' | 'documentation' | 'neither' {
  if (noPolicy.test(base)) return 'documentation';
  return documentFile.test(base) ? 'policy' : 'neither';
}

const neither = 'is neither a policy (.yaml, .yml, .json) nor documentation (.md, .txt): rename it, or take it out';

/** Whether a file, by its name relative to the folder of policies, is in a folder of samples. */
export function isSample(name: string): boolean {
  return name.split(/[\\/]/).slice(0, -1).includes(samples);
}

/** Whether a file, by its name relative to the folder of policies, is in a folder of trust policies. */
export function isOfNotary(name: string): boolean {
  return name.split(/[\\/]/).slice(0, -1).includes(notaryFolder);
}

/** What is wrong with a file of such a folder, by its path in it. */
function problemOfNotary(path: string): string | undefined {
  const base = path.split('/').at(-1) ?? '';
  if (kindOf(base) === 'documentation') return undefined;
  const found = notaryPath(path);
  if (found.kind !== 'refused') return undefined;
  return path === base && kindOf(base) === 'policy' ? `${found.why}; policies stand beside this folder` : found.why;
}

/**
 * What is read of a folder of trust policies, without documentation. `path` is below that folder.
 * @throws PolicyLoadError for files that have no place in it
 */
export function readableOfNotary(files: NotaryNames['files']): NotaryNames['files'] {
  const problems = files.flatMap(({ name, path }): LoadProblem[] => {
    const message = problemOfNotary(path);
    return message === undefined ? [] : [{ file: name, line: 0, field: '', message }];
  });
  if (problems.length > 0) throw new PolicyLoadError(problems);
  return files.filter(({ path }) => ['document', 'certificate'].includes(notaryPath(path).kind));
}

/**
 * The trust policies of a cluster: those in its own folder, in place of those for all. Names are relative to the folder of policies, and
 * `clusterFiles` has taken them; `undefined` where there are none.
 */
export function notaryFiles(names: readonly string[], cluster: string): NotaryNames | undefined {
  for (const folders of [[cluster, notaryFolder], [notaryFolder]]) {
    const below = names.flatMap((name) => {
      const parts = name.split(/[\\/]/);
      const isBelow = folders.every((folder, index) => parts[index] === folder);
      return isBelow ? [{ name, path: parts.slice(folders.length).join('/') }] : [];
    });
    const files = readableOfNotary(below);
    if (files.length > 0) return { folder: folders.join('/'), files };
  }
  return undefined;
}

/** What to say where no rule was found beside samples. */
export const samplesLeftOut = `what is in the folder ${samples} is left out: copy a policy out of it`;

/**
 * The policy files among the files below one folder, whatever clusters they are for: `names` are relative to it.
 * @throws PolicyLoadError for files that are neither policies nor documentation
 */
export function policyFiles(names: readonly string[]): string[] {
  const problems: LoadProblem[] = [];
  const found = names.filter((name) => {
    const parts = name.split(/[\\/]/);
    const kind = kindOf(parts.at(-1) ?? '');
    if (isSample(name)) return false;
    if (isOfNotary(name)) {
      const problem = problemOfNotary(parts.slice(parts.indexOf(notaryFolder) + 1).join('/'));
      if (problem !== undefined) problems.push({ file: name, line: 0, field: '', message: problem });
      return false;
    }
    if (kind === 'neither') problems.push({ file: name, line: 0, field: '', message: neither });
    return kind === 'policy';
  });
  if (problems.length > 0) throw new PolicyLoadError(problems);
  return found;
}

/**
 * Which policy files each cluster gets: those at the top for all, those in a folder for the cluster of that name, and in both those in
 * its folder `exceptions`; suites are for none, and files of trust policies are left to `notaryFiles`. Names are relative to the folder of policies; they come back as they were given, in their order. A configured cluster without a file
 * is in the result, with none.
 * @throws PolicyLoadError for a folder that is no configured cluster, for deeper nesting, and for files that are neither
 *   policies nor documentation: what would be left out without a word might be the policy that mattered
 */
export function clusterFiles(names: readonly string[], clusters: readonly string[]): Map<string, string[]> {
  const problems: LoadProblem[] = [];
  const problem = (file: string, message: string) => problems.push({ file, line: 0, field: '', message });
  if (clusters.includes(samples)) problem(samples, 'cannot be the name of a cluster: samples are never deployed');
  if (clusters.includes(exceptions))
    problem(exceptions, 'cannot be the name of a cluster: it is a folder of exceptions');
  if (clusters.includes(notaryFolder))
    problem(notaryFolder, 'cannot be the name of a cluster: it is a folder of trust policies');

  const unknownCluster = (name: string) => `'${name}' is not a configured cluster (${clusters.join(', ')})`;
  const files = new Map(clusters.map((cluster): [string, string[]] => [cluster, []]));
  for (const name of names) {
    const parts = name.split(/[\\/]/);
    const base = parts.at(-1) ?? '';
    const folders = parts.slice(0, -1);
    // What is in a folder of exceptions is for whom that folder is.
    const [folder, deeper] = folders.at(-1) === exceptions ? folders.slice(0, -1) : folders;
    if (folder === samples) continue;
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      problem(name, 'is not a relative file name');
    } else if (folders.includes(suiteFolder)) {
    } else if (folders[0] === notaryFolder || folders[1] === notaryFolder) {
      const [cluster] = folders[0] === notaryFolder ? [] : folders;
      const known = cluster === undefined || files.has(cluster);
      const found = known
        ? problemOfNotary(parts.slice(cluster === undefined ? 1 : 2).join('/'))
        : unknownCluster(cluster);
      if (found !== undefined) problem(name, found);
    } else if (deeper !== undefined) {
      problem(
        name,
        `is nested too deep: a policy stands at the top, for all clusters, or in the folder of its cluster; exceptions may stand in a folder ${exceptions} of either, trust policies in a folder ${notaryFolder}`,
      );
    } else if (folder !== undefined && !files.has(folder)) {
      problem(name, unknownCluster(folder));
    } else if (kindOf(base) === 'documentation') {
    } else if (kindOf(base) === 'neither') {
      problem(name, neither);
    } else if (folder !== undefined) {
      files.get(folder)?.push(name);
    } else {
      for (const list of files.values()) list.push(name);
    }
  }
  if (problems.length > 0) throw new PolicyLoadError(problems);
  return files;
}
