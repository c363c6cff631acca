import { createPipeline, type Ports, type Reviews } from '../../shared/pipeline.ts';
import { hostsOfRules } from '../../shared/plan/hosts.ts';
import { registriesAsOurselves } from '../../shared/registry/create.ts';
import type { Registry } from '../../shared/registry/registry.ts';
import type { Ledgers } from '../wiring/ledgers.ts';
export interface ReviewsOptions extends Omit<Ports, 'registries'> {
  readonly ledgers: Ledgers;
  readonly registry: Registry;
  /** Hosts that may be called beside those that the rules name literally. */
  readonly registries: readonly string[];
}

/**
 * The pipeline of a deployed function: with the ledger under the keys in force, and calling no host that is neither literal in the
 * very rules that are asked nor configured.
 */
export function deployedReviews({ ledgers, registry, registries, ...ports }: ReviewsOptions): Reviews {
  const pipeline = createPipeline({ ...ports, registries: registriesAsOurselves(registry) });
  const hostsOf = hostsOfRules(registries, 'refuse');
  return {
    async review(rules, request, call) {
      const ledger = await ledgers.current(call.deadline);
      return pipeline.review(rules, request, call, { ledger, hosts: hostsOf(rules, call.inForce) });
    },
  };
}
