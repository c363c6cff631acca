import type { Ledger } from '../../shared/ledger/ledger.ts';
import { createPipeline, type Pipeline, type Ports } from '../../shared/pipeline.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import type { Ledgers } from './ledgers.ts';
import { hostsOf } from './policies.ts';

export interface ReviewsOptions extends Omit<Ports, 'ledger' | 'hosts'> {
  readonly ledgers: Ledgers;
  /** Hosts that may be called beside those that the rules name literally. */
  readonly registries: readonly string[];
}

/**
 * The pipeline of a deployed function: with the ledger under the keys in force, and calling no host that is neither literal in the
 * very rules that are asked nor configured.
 */
export function deployedReviews(options: ReviewsOptions): Pick<Pipeline, 'review'> {
  const { ledgers, registries, ...ports } = options;
  const pipelines = new WeakMap<Ledger, WeakMap<readonly Rule[], Pipeline>>();

  function pipelineOf(ledger: Ledger, rules: readonly Rule[]): Pipeline {
    let byRules = pipelines.get(ledger);
    if (byRules === undefined) {
      byRules = new WeakMap();
      pipelines.set(ledger, byRules);
    }
    let pipeline = byRules.get(rules);
    if (pipeline === undefined) {
      pipeline = createPipeline({ ...ports, ledger, hosts: hostsOf(rules, registries) });
      byRules.set(rules, pipeline);
    }
    return pipeline;
  }

  return {
    async review(rules, request, purpose, deadline) {
      const ledger = await ledgers.current(deadline);
      return pipelineOf(ledger, rules).review(rules, request, purpose, deadline);
    },
  };
}
