import { messageOf } from '../../shared/reasons.ts';
import type { ClustersConfig } from './config/clusters.ts';
import { createObservability, type Observability } from './observability.ts';

export interface StartOptions<Config> {
  /** Which function this is. */
  readonly service: string;
  /** Reads all that the function is told; what it throws is told to operators. */
  read(): Config;
  /** Made where it is absent. */
  readonly observability?: Observability | undefined;
}

export interface Started<Config> {
  readonly observability: Observability;
  /** `undefined`: it is wrong, which is logged and counted (`config-invalid`); the function answers so that nothing is admitted for it. */
  readonly config: Config | undefined;
}

/** What every function begins with: its configuration, and what it leaves behind. Never throws. */
export function start<Config extends object & Partial<ClustersConfig>>(options: StartOptions<Config>): Started<Config> {
  const { service, read } = options;
  const observe = (clusters: readonly string[]) => options.observability ?? createObservability({ service, clusters });
  let config: Config;
  try {
    config = read();
  } catch (thrown) {
    const observability = observe([]);
    observability.problem('config-invalid', messageOf(thrown));
    return { observability, config: undefined };
  }
  return { observability: observe(config.clusters ?? []), config };
}
