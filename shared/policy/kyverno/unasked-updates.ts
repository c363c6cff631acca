import { podResources } from '../../admission/slots.ts';
import { compileKind } from '../match.ts';
import type { Rule } from '../policy.ts';
import { isAbout } from '../resources.ts';
import { resourcesIn } from './filter-places.ts';
import { parseKind } from './kinds.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

const pods = podResources.filter(({ kind, subresource }) => kind === 'Pod' && subresource === '');

/**
 * Warns of a rule that asks about Pods when they are created and not when they are updated: people take Pods for immutable, and an
 * image in one can be replaced.
 */
export function warnOfUnaskedUpdates({ match, exclude }: Rule, place: Place, report: Report): void {
  const [about, excluded] = [match, exclude].map((filter) => ({
    creations: pods.some((pod) => isAbout(filter, pod, 'CREATE')),
    updates: pods.some((pod) => isAbout(filter, pod, 'UPDATE')),
  }));
  if (about?.creations !== true) return;
  const what = "an UPDATE, which replaces a Pod's image (kubectl set image) or adds a debug container";
  if (!about.updates) {
    for (const at of operationsIn(place.field('match'), 'CREATE', 'UPDATE')) {
      report.warning(at, `nothing is asked on ${what}: write CREATE and UPDATE, or leave operations out`);
    }
  } else if (excluded?.updates === true) {
    for (const at of operationsIn(place.field('exclude'), 'UPDATE', 'CREATE')) {
      report.warning(at, `takes away ${what}: write CREATE as well, or leave operations out`);
    }
  }
}

/** Where blocks that can be about a Pod name one operation and not the other. */
function operationsIn(filter: Place, named: string, other: string): Place[] {
  return resourcesIn(filter).flatMap((resources) => {
    const operations = resources.field('operations');
    const texts = operations.items.map(({ text }) => text);
    const isLeft = texts.includes(named) && !texts.includes(other);
    return isLeft && isAboutPods(resources.field('kinds').items) ? [operations] : [];
  });
}

function isAboutPods(kinds: readonly Place[]): boolean {
  return (
    kinds.length === 0 ||
    kinds.some(({ text = '' }) => {
      const pattern = parseKind(text);
      return pattern !== undefined && pods.some(compileKind(pattern));
    })
  );
}
