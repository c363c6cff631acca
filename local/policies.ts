import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { PoliciesInForce } from '../functions/http/handler.ts';
import { loadPolicies } from '../shared/policy/kyverno/load.ts';
import { clusterFiles, policyFiles } from '../shared/policy/layout.ts';
import type { PolicySet } from '../shared/policy/policy.ts';
import type { LoadWarning } from '../shared/policy/problems.ts';
import { scopesOf } from '../shared/policy/scopes.ts';
import { refuseUnasked } from '../shared/policy/unasked.ts';
import { trustWarnings } from '../shared/trust/preload.ts';
import { filesBelow, readBounded } from './files.ts';

/** The largest policy file that is read, in bytes. */
const largestFile = 4 * 1024 * 1024;
/** Folders in folders that are looked into: one more than the layout allows, so that a file nested too deep is refused. */
const deepest = 2;

/** The policies of a folder, by cluster: files for all clusters, a folder per cluster. */
export interface PolicyFolder {
  readonly clusters: ReadonlyMap<string, PoliciesInForce>;
  readonly warnings: readonly LoadWarning[];
}

/**
 * Reads policy files; names are given as they were written. A Policy without a namespace is one of `default`, as for
 * `kubectl apply` and the Kyverno CLI. Throws PolicyLoadError, FileError.
 */
export async function readPolicyFiles(names: readonly string[]): Promise<PolicySet> {
  const files = await Promise.all(names.map(async (name) => ({ name, text: await readBounded(name, largestFile) })));
  const set = loadPolicies(files, { namespace: 'default' });
  return { ...set, warnings: [...set.warnings, ...trustWarnings(set)] };
}

/**
 * Policy files by the names of files and of folders, which stand for all policies below them but those in `samples`. Throws
 * PolicyLoadError, FileError.
 */
export async function namesOfPolicies(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const below = await filesBelow(name);
    if (below === undefined) found.push(name);
    else found.push(...policyFiles(below.map((file) => relative(name, file))).map((file) => join(name, file)));
  }
  return found;
}

/**
 * Reads a folder by the layout of `policies/`. The clusters are `default` and every folder in it. A cluster without a rule,
 * or of which no rule can match a Pod or Pod controller, is an error: it would admit everything. `only` leaves out all other files.
 */
export async function readPolicyFolder(folder: string, only?: readonly string[]): Promise<PolicyFolder> {
  const files = await filesByCluster(folder, only);
  const clusters = new Map<string, PoliciesInForce>();
  const warnings = new Map<string, LoadWarning>();
  for (const [cluster, names] of files) {
    const set = await readClusterSet(folder, cluster, names);
    clusters.set(cluster, { scopes: scopesOf(set), hash: set.hash });
    for (const warning of set.warnings) warnings.set(`${warning.file}:${warning.line}:${warning.message}`, warning);
  }
  return { clusters, warnings: [...warnings.values()] };
}

/**
 * The policies of one cluster of a folder. What is wrong in the files of other clusters does not matter, nor whether they
 * have a rule; what is wrong with the layout does. Throws UnknownCluster, EmptyPolicySet, PolicyLoadError.
 */
export async function readClusterPolicies(folder: string, cluster: string): Promise<PolicySet> {
  const files = await filesByCluster(folder);
  const names = files.get(cluster);
  if (names === undefined) throw new UnknownCluster(cluster, folder, [...files.keys()]);
  return readClusterSet(folder, cluster, names);
}

async function filesByCluster(folder: string, only?: readonly string[]): Promise<Map<string, string[]>> {
  const { names, folders } = await list(folder);
  const wanted = only === undefined ? names : names.filter((name) => only.includes(name));
  const clusters = folders.filter((name) => name !== 'samples' && name !== 'default');
  return clusterFiles(wanted, ['default', ...clusters]);
}

/**
 * Files and top folders below a folder. A link stands for what it leads to and what begins with a dot is passed over: so does
 * Kubernetes mount a ConfigMap.
 */
async function list(folder: string): Promise<{ names: string[]; folders: string[] }> {
  const names: string[] = [];
  const folders: string[] = [];
  const walk = async (below: string, depth: number): Promise<void> => {
    for (const entry of await readdir(join(folder, below))) {
      if (entry.startsWith('.')) continue;
      const name = join(below, entry);
      const found = await stat(join(folder, name));
      if (!found.isDirectory()) names.push(name);
      else {
        if (depth === 0) folders.push(name);
        if (depth < deepest) await walk(name, depth + 1);
      }
    }
  };
  await walk('', 0);
  return { names: names.sort(), folders: folders.sort() };
}

async function readClusterSet(folder: string, cluster: string, names: readonly string[]): Promise<PolicySet> {
  const set = await readPolicyFiles(names.map((name) => join(folder, name)));
  if (set.rules.length === 0) throw new EmptyPolicySet(cluster, folder);
  refuseUnasked(set.rules);
  return set;
}

/** A cluster of which the folder says nothing; a misspelt name would make URLs that refuse everything. */
export class UnknownCluster extends Error {
  override readonly name = 'UnknownCluster';

  constructor(cluster: string, folder: string, known: readonly string[]) {
    super(
      `${folder} has no cluster '${cluster}', only ${known.join(', ')}: a cluster without policies of its own needs an empty folder`,
    );
  }
}

/** A cluster for which no rule was found: never taken for "admit all". */
export class EmptyPolicySet extends Error {
  override readonly name = 'EmptyPolicySet';

  constructor(cluster: string, folder: string) {
    super(`no verifyImages rule for cluster '${cluster}' in ${folder}: without a rule everything would be admitted`);
  }
}
