import type { Place } from './place.ts';

/** What each block of a match or exclude asks of resources, where one asks anything: `any`, `all`, and the older form without. */
export function resourcesIn(filter: Place): Place[] {
  const blocks = [filter, ...filter.field('any').items, ...filter.field('all').items];
  return blocks.map((block) => block.field('resources')).filter((resources) => resources.given);
}
