import { podResources } from '../../admission/slots.ts';
import type { Rule } from '../policy.ts';
import { mayBe } from '../resources.ts';
import { asksNothing, likely } from '../unasked.ts';
import { resourcesIn } from './filter-places.ts';
import { parseKind } from './kinds.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/**
 * Warns of what a written rule asks about nothing: a kind in its match, a misspelt kind in its exclude, else the rule as a whole.
 * `made`: what auto-gen made of the rule.
 */
export function warnOfUnasked(rule: Rule, made: readonly Rule[], place: Place, report: Report): void {
  const holdImages = [
    ...podResources,
    ...[...rule.extractors.keys()].map((kind) => ({ group: '*', version: '*', kind, subresource: '' })),
  ];
  const isUnknown = ({ text = '' }: Place) => {
    const pattern = parseKind(text);
    return pattern !== undefined && !holdImages.some((resource) => mayBe(pattern, resource));
  };
  const unknown = kindPlaces(place.field('match')).filter(isUnknown);
  for (const kind of unknown) {
    report.warning(
      kind,
      `kind '${kind.text}' holds no image that is known here: ${likelyMeaning(kind) ?? 'nothing is asked about it'}`,
    );
  }
  for (const kind of kindPlaces(place.field('exclude')).filter(isUnknown)) {
    const meant = likelyMeaning(kind);
    if (meant !== undefined) report.warning(kind, `kind '${kind.text}' excludes nothing that is asked about: ${meant}`);
  }
  if (unknown.length === 0 && [rule, ...made].every(asksNothing)) {
    report.warning(
      place,
      `rule '${rule.name}' matches no Pod and no Pod controller that is created or updated: nothing is asked`,
    );
  }
}

/** Each kind that a filter names. */
function kindPlaces(filter: Place): Place[] {
  return resourcesIn(filter).flatMap((resources) => resources.field('kinds').items);
}

function likelyMeaning({ text = '' }: Place): string | undefined {
  const pattern = parseKind(text);
  const kind = pattern && likely(pattern);
  return kind && `did you mean ${kind}?`;
}
