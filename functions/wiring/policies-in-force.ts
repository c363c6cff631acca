import { join } from 'node:path';
import { Refusal } from '../../shared/reasons.ts';
import type { ClustersConfig } from './config/clusters.ts';
import type { PoliciesConfig } from './config/policies.ts';
import type { Observability } from './observability.ts';
import { type ClusterPolicies, loadClusters, readPolicyFiles, warningsOf } from './policies.ts';

export interface PoliciesInForceOptions {
  readonly config: ClustersConfig & PoliciesConfig;
  /** Folder with the function's code, and the policies in it. */
  readonly root: string;
  readonly observability: Observability;
}

/** Lines that an instance writes when it starts. */
const mostWarnings = 50;

/** What the zip holds. What does not load is told to operators in full, and is no reason to answer nothing; so are warnings. */
export function policiesInForce({ config, root, observability }: PoliciesInForceOptions): ClusterPolicies {
  const { clusters, registries } = config;
  let loaded: ClusterPolicies;
  try {
    loaded = loadClusters(readPolicyFiles(join(root, config.policies)), { clusters, registries });
  } catch (thrown) {
    const refusal = new Refusal('policies-invalid', 'the policies could not be read', { cause: thrown });
    loaded = new Map(clusters.map((cluster) => [cluster, refusal]));
  }
  for (const [cluster, policies] of loaded) {
    if (!(policies instanceof Refusal)) continue;
    const { cause, message } = policies;
    observability.problem('policies-invalid', `${cluster}: ${Error.isError(cause) ? cause.message : message}`);
  }
  const warnings = warningsOf(loaded);
  for (const warning of warnings.slice(0, mostWarnings)) observability.warning('policy-warning', warning);
  if (warnings.length > mostWarnings) {
    observability.warning('policy-warning', `and ${warnings.length - mostWarnings} more: package says them all`);
  }
  return loaded;
}
