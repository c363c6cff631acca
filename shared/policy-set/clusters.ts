import { type LoadWarning, PolicyLoadError, printWarning } from '../policy/problems.ts';
import { type Scopes, scopesOf } from '../policy/scopes.ts';
import { Refusal } from '../reasons.ts';
import { clusterFiles, isSample, notaryFiles, reservedFolders, samplesLeftOut } from './layout.ts';
import { asksNotary, loadSet, type SetOptions } from './load.ts';
import { type NotaryNames, readNotaryFiles } from './notary.ts';
import type { PolicySource } from './source.ts';

export interface ClusterOptions extends SetOptions {
  /** The configured ones; `folders`: `default`, and every folder of the source but samples and exceptions. */
  readonly clusters: readonly string[] | 'folders';
}

/** A cluster's policies, ready to be asked. */
export interface ClusterPolicies {
  readonly scopes: Scopes;
  /** Of the set: SHA-256 over the files' names and bytes, hex. */
  readonly hash: string;
  readonly warnings: readonly LoadWarning[];
}

/** What loading came to for each cluster; a Refusal `policies-invalid` answers every review of that cluster. Its cause is whole. */
export type LoadedClusters = ReadonlyMap<string, ClusterPolicies | Refusal>;

/** A cluster of which the source says nothing; a misspelt name would make URLs that refuse everything. */
export class UnknownCluster extends Error {
  override readonly name = 'UnknownCluster';

  constructor(cluster: string, title: string | undefined, known: readonly string[]) {
    super(
      `${title ?? 'the source'} has no cluster '${cluster}', only ${known.join(', ')}: a cluster without policies of its own needs an empty folder`,
    );
  }
}

/** A cluster for which no rule was found: never taken for "admit all". */
export class EmptyPolicySet extends Error {
  override readonly name = 'EmptyPolicySet';

  constructor(cluster: string, title: string | undefined, besideSamples: boolean) {
    const where = title === undefined ? '' : ` in ${title}`;
    const leftOut = besideSamples ? `; ${samplesLeftOut}` : '';
    super(
      `no verifyImages rule for cluster '${cluster}'${where}: without a rule everything would be admitted${leftOut}`,
    );
  }
}

/**
 * Loads the policies of each cluster, by the layout of `policies/`. What is wrong with the layout concerns all configured clusters;
 * what is wrong with a file, those that it is for. Never rejects for what a source holds where the clusters are configured.
 */
export async function loadClusters(source: PolicySource, options: ClusterOptions): Promise<LoadedClusters> {
  const { clusters } = options;
  let files: Files;
  try {
    files = await filesByCluster(source, clusters);
  } catch (thrown) {
    if (clusters === 'folders') throw thrown;
    const refusal = refusalOf(thrown);
    return new Map(clusters.map((cluster) => [cluster, refusal]));
  }
  const once = { ...source, read: readOnce(source.read), bytes: readOnce((name) => source.bytes(name)) };
  const loaded = new Map<string, ClusterPolicies | Refusal>();
  for (const cluster of files.byCluster.keys()) {
    loaded.set(cluster, await loadOne(once, cluster, files, options).catch(refusalOf));
  }
  return loaded;
}

/**
 * Loads the policies of one cluster. What is wrong in the files of other clusters does not matter, nor whether they have a rule; what
 * is wrong with the layout does. Throws UnknownCluster, EmptyPolicySet, PolicyLoadError, and what the source throws.
 */
export async function loadCluster(
  source: PolicySource,
  cluster: string,
  options: ClusterOptions,
): Promise<ClusterPolicies> {
  const files = await filesByCluster(source, options.clusters);
  const { byCluster } = files;
  if (!byCluster.has(cluster)) throw new UnknownCluster(cluster, source.title, [...byCluster.keys()]);
  return loadOne(source, cluster, files, options);
}

/** What loading warned of, in lines for people: each once, however many clusters it is about. */
export function warningsOf(loaded: LoadedClusters): string[] {
  const lines = [...loaded.values()].flatMap((one) => (one instanceof Refusal ? [] : one.warnings.map(printWarning)));
  return [...new Set(lines)];
}

interface Files {
  readonly byCluster: ReadonlyMap<string, readonly string[]>;
  /** By cluster too: its trust policies, where it has some. */
  readonly notary: ReadonlyMap<string, NotaryNames | undefined>;
  readonly besideSamples: boolean;
}

async function filesByCluster(source: PolicySource, clusters: ClusterOptions['clusters']): Promise<Files> {
  const { files, folders } = await source.list();
  const found = folders.filter((name) => name !== 'default' && !reservedFolders.includes(name));
  const byCluster = clusterFiles(files, clusters === 'folders' ? ['default', ...found] : clusters);
  const notary = new Map([...byCluster.keys()].map((cluster) => [cluster, notaryFiles(files, cluster)]));
  return { byCluster, notary, besideSamples: files.some(isSample) };
}

/** A cluster without a rule does not load: it would admit everything. */
async function loadOne(
  { title, read, bytes }: PolicySource,
  cluster: string,
  { byCluster, notary, besideSamples }: Files,
  options: SetOptions,
): Promise<ClusterPolicies> {
  const named = notary.get(cluster);
  const set = await loadSet(byCluster.get(cluster) ?? [], read, {
    ...options,
    ...(named === undefined ? {} : { notary: () => readNotaryFiles(named, bytes) }),
  });
  if (set.rules.length === 0) throw new EmptyPolicySet(cluster, title, besideSamples);
  const idle = named === undefined || set.rules.some(asksNotary) ? [] : [idleNotary(named)];
  return { scopes: scopesOf(set), hash: set.hash, warnings: [...set.warnings, ...idle] };
}

function idleNotary({ folder }: NotaryNames): LoadWarning {
  return { file: folder, line: 1, message: 'decides nothing: no rule is of type: Notary' };
}

/** A file for all clusters is read once, however many there are. */
function readOnce<T>(read: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const reading = read(name);
    known.set(name, reading);
    return reading;
  };
}

/** Every review is answered with the message, so it is short, and tells nothing of the machine. */
function refusalOf(thrown: unknown): Refusal {
  const isOfPolicies = thrown instanceof PolicyLoadError || thrown instanceof EmptyPolicySet;
  const message = isOfPolicies ? thrown.message : 'the policies could not be read';
  const short = message.length > 1000 ? `${message.slice(0, 1000)}…` : message;
  return new Refusal('policies-invalid', short, { cause: thrown });
}
