import { isClusterName } from '../../../shared/admission/path.ts';
import type { Settings } from './settings.ts';

export interface ClustersConfig {
  /** The configured clusters: each has a path of its own, and policies. */
  readonly clusters: readonly string[];
}

export function clustersConfig(settings: Settings): ClustersConfig {
  const clusters = settings.list('CLUSTERS', (text) => (isClusterName(text) ? text : undefined), 'name of a cluster');
  if (clusters.length === 0) settings.problems.push('CLUSTERS names no cluster');
  return { clusters };
}
