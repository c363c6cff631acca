import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { PoliciesInForce } from '../functions/admission.ts';
import { clusterFiles } from '../shared/policy/layout.ts';
import { loadPolicies } from '../shared/policy/load.ts';
import type { LoadWarning, PolicySet } from '../shared/policy/policy.ts';
import { scopesOf } from '../shared/policy/scopes.ts';

/** The largest policy file that is read, in bytes. */
const largestFile = 4 * 1024 * 1024;

/** The policies of a folder, by cluster: files for all clusters, a folder per cluster. */
export interface PolicyFolder {
  readonly clusters: ReadonlyMap<string, PoliciesInForce>;
  readonly warnings: readonly LoadWarning[];
}

/** Reads policy files; names are given as they were written. Throws PolicyLoadError. */
export async function readPolicyFiles(names: readonly string[]): Promise<PolicySet> {
  return loadPolicies(await Promise.all(names.map(async (name) => ({ name, text: await readBounded(name) }))));
}

/**
 * Reads a folder by the layout of `policies/`. The clusters are `default` and every folder in it. A cluster without a rule
 * is an error: it would admit everything. `only` leaves out all other files.
 */
export async function readPolicyFolder(folder: string, only?: readonly string[]): Promise<PolicyFolder> {
  const listed = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = listed
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => only === undefined || only.includes(name))
    .sort();
  const folders = listed
    .filter((entry) => entry.isDirectory() && entry.parentPath === folder)
    .map((entry) => entry.name);
  const clusters = new Map<string, PoliciesInForce>();
  const warnings = new Map<string, LoadWarning>();
  const configured = ['default', ...folders.filter((name) => name !== 'samples' && name !== 'default')];
  for (const [cluster, files] of clusterFiles(names, configured)) {
    const set = await readPolicyFiles(files.map((name) => join(folder, name)));
    if (set.rules.length === 0) throw new EmptyPolicySet(cluster, folder);
    clusters.set(cluster, { scopes: scopesOf(set), hash: set.hash });
    for (const warning of set.warnings) warnings.set(`${warning.file}:${warning.line}:${warning.message}`, warning);
  }
  return { clusters, warnings: [...warnings.values()] };
}

/** A cluster for which no rule was found: never taken for "admit all". */
export class EmptyPolicySet extends Error {
  override readonly name = 'EmptyPolicySet';

  constructor(cluster: string, folder: string) {
    super(`no verifyImages rule for cluster '${cluster}' in ${folder}: without a rule everything would be admitted`);
  }
}

async function readBounded(name: string): Promise<string> {
  const bytes = await readFile(name);
  if (bytes.length > largestFile) throw new RangeError(`${name} is larger than ${largestFile} bytes`);
  return bytes.toString('utf8');
}
