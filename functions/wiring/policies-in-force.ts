import { join } from 'node:path';
import { type LoadedClusters, warningsOf } from '../../shared/policy-set/clusters.ts';
import { Refusal } from '../../shared/reasons.ts';
import type { ClustersConfig } from './config/clusters.ts';
import type { PoliciesConfig } from './config/policies.ts';
import type { Observability } from './observability.ts';
import { loadDeployed } from './policies.ts';

export interface PoliciesInForceOptions {
  readonly config: ClustersConfig & PoliciesConfig;
  /** Folder with the function's code, and the policies in it. */
  readonly root: string;
  readonly observability: Observability;
}

/** Lines that an instance writes when it starts. */
const mostWarnings = 50;

/** What the zip holds. What does not load is told to operators in full, and is no reason to answer nothing; so are warnings. */
export async function policiesInForce({
  config,
  root,
  observability,
}: PoliciesInForceOptions): Promise<LoadedClusters> {
  const { clusters, registries } = config;
  // To look at every key and the trust root takes long, and a Pod waits: packaging does it.
  const loaded = await loadDeployed(join(root, config.policies), { clusters, registries, trust: 'leave' });
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
