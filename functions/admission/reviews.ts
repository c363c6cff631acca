import type { Ledger } from '../../shared/ledger/ledger.ts';
import { createPipeline, type Pipeline, type Ports } from '../../shared/pipeline.ts';
import type { Ledgers } from '../wiring/ledgers.ts';

export interface ReviewsOptions extends Omit<Ports, 'ledger' | 'otherHosts'> {
  readonly ledgers: Ledgers;
}

/**
 * The pipeline of a deployed function: with the ledger under the keys in force, and calling no host that is neither literal in the
 * very rules that are asked nor configured.
 */
export function deployedReviews({ ledgers, ...ports }: ReviewsOptions): Pick<Pipeline, 'review'> {
  const pipelines = new WeakMap<Ledger, Pipeline>();

  function pipelineOf(ledger: Ledger): Pipeline {
    let pipeline = pipelines.get(ledger);
    if (pipeline === undefined) {
      pipeline = createPipeline({ ...ports, ledger, otherHosts: 'refuse' });
      pipelines.set(ledger, pipeline);
    }
    return pipeline;
  }

  return {
    async review(rules, request, call) {
      const ledger = await ledgers.current(call.deadline);
      return pipelineOf(ledger).review(rules, request, call);
    },
  };
}
