import type { Spending } from './spending.ts';

/**
 * One of what `create` makes for hosts that are named, and one for all others: what an image's author has remembered of hosts of their
 * own takes no room from what is known of those.
 */
export function apart<T>(create: () => T): (whose: Pick<Spending, 'named'>) => T {
  const [ofNamed, ofOthers] = [create(), create()];
  return ({ named = true }) => (named ? ofNamed : ofOthers);
}
