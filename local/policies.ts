import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import type { PoliciesInForce } from '../functions/http/handler.ts';
import { codeOf } from '../shared/net/failure.ts';
import type { PolicyFile } from '../shared/policy/kyverno/load.ts';
import type { PolicySet } from '../shared/policy/policy.ts';
import { type ClusterPolicies, loadCluster, loadClusters, warningsOf } from '../shared/policy-set/clusters.ts';
import { isSample, policyFiles } from '../shared/policy-set/layout.ts';
import { loadSet, type SetOptions } from '../shared/policy-set/load.ts';
import { type Listing, largestFile, type PolicySource } from '../shared/policy-set/source.ts';
import { Refusal } from '../shared/reasons.ts';
import type { TrustRoots } from '../shared/trust/root/trust-root.ts';
import { FileError, filesBelow, foldersIn, readBounded, readStream } from './files.ts';
import { readTrustFileBelow, trustPolicyBeside } from './notary.ts';
import { carriedRoots } from './trust-root.ts';

/** The policies of a folder, by cluster: files for all clusters, a folder per cluster. */
export interface PolicyFolder {
  readonly clusters: ReadonlyMap<string, PoliciesInForce>;
  /** In lines for people. */
  readonly warnings: readonly string[];
}

export interface FolderOptions {
  readonly registries?: readonly string[];
  /** Leaves out all other files. */
  readonly only?: readonly string[];
  /** What is trusted beside the policies; the carried trust root by default. */
  readonly roots?: TrustRoots;
}

/** A Policy without a namespace is one of `default`, as for `kubectl apply` and the Kyverno CLI. */
const onThisMachine = { namespace: 'default' } as const;
const ofFolders = { ...onThisMachine, clusters: 'folders', unasked: 'refuse' } as const;

/** As which policies are named that come from standard input. */
const standardInput = '-';

/**
 * Reads policies by the names of files and of folders, which stand for all policies below them but those in `samples`, as one set. Names
 * are told as they were written; `-` is standard input. Trust policies are those beside them, unless `notary` has others. Throws PolicyLoadError, FileError.
 */
export async function readPolicySet(
  named: readonly string[],
  options: Pick<SetOptions, 'registries' | 'openHosts' | 'trust' | 'leaves' | 'exceptions' | 'notary'>,
  stdin: Readable = process.stdin,
): Promise<PolicySet> {
  const read = async (name: string): Promise<PolicyFile> => {
    if (name !== standardInput) return readPolicy(name);
    return { name: 'standard input', text: await readStream(stdin, 'standard input', largestFile) };
  };
  const notary = trustPolicyBeside(named);
  return loadSet(await namesOfPolicies(named), read, { notary, ...onThisMachine, ...options, unasked: 'allow' });
}

/** Reads PolicyExceptions by the names of files and of folders, for `readPolicySet` and `loadTexts`. Throws PolicyLoadError, FileError. */
export async function readExceptions(named: readonly string[]): Promise<readonly PolicyFile[]> {
  const names = await namesOfPolicies(named);
  return Promise.all(names.map(readPolicy));
}

/**
 * Reads a folder by the layout of `policies/`. The clusters are `default` and every folder in it. A cluster without a rule,
 * or of which no rule can match a Pod or Pod controller, is an error: it would admit everything. `registries`: hosts that the settings
 * name; where there are none, patterns that name no host either are warned of. Throws PolicyLoadError, EmptyPolicySet, FileError.
 */
export async function readPolicyFolder(
  folder: string,
  { registries = [], only, roots = carriedRoots() }: FolderOptions = {},
): Promise<PolicyFolder> {
  const loaded = await loadClusters(folderSource(folder, only), {
    ...ofFolders,
    registries,
    openHosts: 'warn',
    trust: roots,
  });
  const clusters = new Map<string, ClusterPolicies>();
  for (const [cluster, policies] of loaded) {
    if (policies instanceof Refusal) throw policies.cause;
    clusters.set(cluster, policies);
  }
  return { clusters, warnings: warningsOf(loaded) };
}

/**
 * The policies of one cluster of a folder. What is wrong in the files of other clusters does not matter, nor whether they
 * have a rule; what is wrong with the layout does. Throws UnknownCluster, EmptyPolicySet, PolicyLoadError, FileError.
 */
export function readClusterPolicies(folder: string, cluster: string, roots: TrustRoots): Promise<ClusterPolicies> {
  const options = { ...ofFolders, registries: [], openHosts: 'allow', trust: roots } as const;
  return loadCluster(folderSource(folder), cluster, options);
}

function folderSource(folder: string, only?: readonly string[]): PolicySource {
  return {
    title: folder,
    list: () => list(folder, only),
    read: (name) => readPolicy(join(folder, name)),
    bytes: (name) => readTrustFileBelow(folder, name),
  };
}

async function list(folder: string, only: readonly string[] | undefined): Promise<Listing> {
  const below = await filesBelow(folder).catch((thrown: unknown) => {
    if (!(thrown instanceof FileError) || codeOf(thrown.cause) !== 'ENOENT' || thrown.file !== folder) throw thrown;
    throw new FileError(folder, `there is no folder ${folder}: give the folder that the policies are in`);
  });
  if (below === undefined) throw new FileError(folder, `${folder} is a file: give the folder that the policies are in`);
  const names = below.map((file) => relative(folder, file));
  return {
    files: only === undefined ? names : names.filter((name) => only.includes(name)),
    folders: await foldersIn(folder),
  };
}

async function readPolicy(name: string): Promise<PolicyFile> {
  return { name, text: await readBounded(name, largestFile) };
}

/** Whether one of these folders holds samples, which are left out. Throws FileError. */
export async function holdsSamples(named: readonly string[]): Promise<boolean> {
  for (const name of named) {
    if (name === standardInput) continue;
    if ((await filesBelow(name))?.some((file) => isSample(relative(name, file)))) return true;
  }
  return false;
}

async function namesOfPolicies(named: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of named) {
    const below = name === standardInput ? undefined : await filesBelow(name);
    if (below === undefined) found.push(name);
    else found.push(...policyFiles(below.map((file) => relative(name, file))).map((file) => join(name, file)));
  }
  return found;
}
