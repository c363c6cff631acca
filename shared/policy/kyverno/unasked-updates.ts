import { podResources } from '../../admission/slots.ts';
import type { KindOf } from '../match.ts';
import type { Rule } from '../policy.ts';
import { extractedKindsOf, isAbout, mayBe } from '../resources.ts';
import { resourcesIn } from './filter-places.ts';
import { parseKind } from './kinds.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

const pods = podResources.filter(({ kind, subresource }) => kind === 'Pod' && subresource === '');

/**
 * Warns of a rule that asks about objects when they are created and not when they are updated: people take Pods for immutable, and an
 * image in one can be replaced. Controllers make Pods, which are asked about. Of a rule that asks about updates alone as well: what an object
 * was made with no update asks about.
 */
export function warnOfUnaskedUpdates(rule: Rule, place: Place, report: Report): void {
  const ofPods = "an UPDATE, which replaces a Pod's image (kubectl set image) or adds a debug container";
  if (warnAbout(rule, pods, ofPods, place, report)) return;
  warnAbout(rule, extractedKindsOf(rule), 'an UPDATE, which may bring another image', place, report);
}

/** @param what what is not asked on. Returns whether something is told. */
function warnAbout(
  { match, exclude }: Rule,
  resources: readonly KindOf[],
  what: string,
  place: Place,
  report: Report,
): boolean {
  const [about, excluded] = [match, exclude].map((filter) => ({
    creations: resources.some((resource) => isAbout(filter, resource, 'CREATE')),
    updates: resources.some((resource) => isAbout(filter, resource, 'UPDATE')),
  }));
  if (about?.creations !== true) {
    const places = about?.updates ? operationsIn(place.field('match'), resources, 'UPDATE', 'CREATE') : [];
    for (const at of places) {
      report.warning(
        at,
        'nothing is asked on a CREATE, and an UPDATE asks about images that are new or changed alone: write CREATE as well, or leave operations out',
      );
    }
    return places.length > 0;
  }
  if (!about.updates) {
    const places = operationsIn(place.field('match'), resources, 'CREATE', 'UPDATE');
    for (const at of places)
      report.warning(at, `nothing is asked on ${what}: write CREATE and UPDATE, or leave operations out`);
    return places.length > 0;
  }
  if (excluded?.updates !== true) return false;
  const places = operationsIn(place.field('exclude'), resources, 'UPDATE', 'CREATE');
  for (const at of places) report.warning(at, `takes away ${what}: write CREATE as well, or leave operations out`);
  return places.length > 0;
}

/** Where blocks that can be about a resource name one operation and not the other. */
function operationsIn(filter: Place, about: readonly KindOf[], named: string, other: string): Place[] {
  return resourcesIn(filter).flatMap((resources) => {
    const operations = resources.field('operations');
    const texts = operations.items.map(({ text }) => text);
    const isLeft = texts.includes(named) && !texts.includes(other);
    return isLeft && isAboutSome(resources.field('kinds').items, about) ? [operations] : [];
  });
}

function isAboutSome(kinds: readonly Place[], about: readonly KindOf[]): boolean {
  return (
    kinds.length === 0 ||
    kinds.some(({ text = '' }) => {
      const pattern = parseKind(text);
      return pattern !== undefined && about.some((resource) => mayBe(pattern, resource));
    })
  );
}
