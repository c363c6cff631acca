import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type OpenPattern, openPatterns } from '../../shared/policy/hosts.ts';
import { clusterFiles } from '../../shared/policy/layout.ts';
import { loadPolicies, type PolicyFile } from '../../shared/policy/load.ts';
import type { LoadWarning } from '../../shared/policy/policy.ts';
import { type LoadProblem, PolicyLoadError, printWarning } from '../../shared/policy/report.ts';
import { scopesOf } from '../../shared/policy/scopes.ts';
import { refuseUnasked } from '../../shared/policy/unasked.ts';
import { Refusal } from '../../shared/reasons.ts';
import type { PoliciesInForce } from '../http/handler.ts';

/** The largest policy file that is read, in bytes. */
const largestFile = 4 * 1024 * 1024;

export interface DeployedPolicies {
  readonly clusters: readonly string[];
  /** Hosts that may be called beside those that the rules name literally. */
  readonly registries: readonly string[];
}

/** A cluster's policies, and what is to be told of them to operators. */
export interface LoadedPolicies extends PoliciesInForce {
  readonly warnings: readonly LoadWarning[];
}

/** What loading came to for each configured cluster; a Refusal `policies-invalid` answers every review of that cluster. */
export type ClusterPolicies = ReadonlyMap<string, LoadedPolicies | Refusal>;

/**
 * The files of a folder of policies, by the layout of `policies/`; their names are relative to it. A folder that is not there
 * holds none. Reads synchronously: it is called once, while nothing else could run.
 */
export function readPolicyFiles(folder: string): PolicyFile[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('samples/'))
    .sort();
  return names.map((name) => ({ name, text: readBounded(folder, name) }));
}

/**
 * Loads the policies of each cluster. What is wrong with the layout concerns all clusters; what is wrong with a file, those that
 * it is for. A cluster without a rule does not load: it would admit everything. Nor does a rule with an image pattern whose host
 * is open, where no registries are configured: the webhook token is no secret, and its holder could have any host called.
 */
export function loadClusters(files: readonly PolicyFile[], options: DeployedPolicies): ClusterPolicies {
  const byName = new Map(files.map((file) => [file.name, file]));
  const { clusters } = options;
  let layout: ReadonlyMap<string, readonly string[]>;
  try {
    layout = clusterFiles([...byName.keys()], clusters);
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    return new Map(clusters.map((cluster) => [cluster, refusal]));
  }
  const loaded = new Map<string, LoadedPolicies | Refusal>();
  for (const [cluster, names] of layout) {
    const own = names.flatMap((name) => byName.get(name) ?? []);
    loaded.set(cluster, loadCluster(cluster, own, options));
  }
  return loaded;
}

/** What loading warned of, each once however many clusters it is about, in lines for people. */
export function warningsOf(loaded: ClusterPolicies): string[] {
  const lines = [...loaded.values()].flatMap((one) => (one instanceof Refusal ? [] : one.warnings.map(printWarning)));
  return [...new Set(lines)];
}

function loadCluster(cluster: string, files: readonly PolicyFile[], options: DeployedPolicies) {
  try {
    const set = loadPolicies(files);
    if (set.rules.length === 0) {
      return refusal(`no verifyImages rule for cluster '${cluster}': without a rule everything would be admitted`);
    }
    refuseUnasked(set.rules);
    const problems = options.registries.length === 0 ? openPatterns(set.rules).map(openHost) : [];
    if (problems.length > 0) throw new PolicyLoadError(problems);
    return { scopes: scopesOf(set), hash: set.hash, warnings: set.warnings };
  } catch (thrown) {
    return refusalOf(thrown);
  }
}

function openHost({ rule: { policy, name, file, line }, path, pattern }: OpenPattern): LoadProblem {
  const message = `rule '${name}' of '${policy}': deployed, a pattern must name its host, or the setting REGISTRIES must list the hosts`;
  return { file, line, field: path, message: `${message} (${pattern})` };
}

function refusalOf(thrown: unknown): Refusal {
  return refusal(Error.isError(thrown) ? thrown.message : String(thrown), { cause: thrown });
}

/** Every review is answered with the message, so it is short; the log has the whole one, its cause. */
function refusal(message: string, options?: ErrorOptions): Refusal {
  const short = message.length > 1000 ? `${message.slice(0, 1000)}…` : message;
  return new Refusal('policies-invalid', short, options);
}

function readBounded(folder: string, name: string): string {
  const bytes = readFileSync(join(folder, name));
  if (bytes.length > largestFile) throw new RangeError(`${name} is larger than ${largestFile} bytes`);
  return bytes.toString('utf8');
}
