import { type Breakers, createBreakers } from '../breaker.ts';

/** For tests of other things: no time passes, so no host is ever suspected to hang. */
export const neverOpen: Breakers = createBreakers({
  elapsed: () => 0,
  probe: () => Promise.reject(new Error('nothing is suspected')),
  metrics: { count: () => undefined },
});
