import type { Revocations } from '../../../shared/revocation/revocation.ts';
import { lazy } from '../lazy.ts';
import type { FunctionRevocationsOptions } from './revocations.ts';

/** Those who are asked whether certificates were revoked, left out until a signature is asked about: few policies ask that. */
export function lazyRevocations(options: FunctionRevocationsOptions): Revocations {
  const load = lazy(async () => {
    const { functionRevocations } = await import('./revocations.ts');
    return functionRevocations(options);
  });
  return { ask: async (...asked) => (await load()).ask(...asked) };
}
