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
  const unknown = unknownKinds(place.field('match'), [rule]);
  for (const kind of unknown) {
    report.warning(
      kind,
      `kind '${kind.text}' holds no image that is known here: ${likelyMeaning(kind) ?? 'nothing is asked about it'}`,
    );
  }
  warnOfMisspeltKinds(place.field('exclude'), [rule], 'excludes nothing that is asked about', report);
  if (unknown.length === 0 && [rule, ...made].every(asksNothing)) {
    report.warning(
      place,
      `rule '${rule.name}' matches no Pod and no Pod controller that is created or updated: nothing is asked`,
    );
  }
}

/** Warns of kinds in a filter that takes objects away from rules, where others were likely meant. */
export function warnOfMisspeltKinds(filter: Place, rules: readonly Rule[], comesTo: string, report: Report): void {
  for (const kind of unknownKinds(filter, rules)) {
    const meant = likelyMeaning(kind);
    if (meant !== undefined) report.warning(kind, `kind '${kind.text}' ${comesTo}: ${meant}`);
  }
}

/** The kinds in a filter that hold no image which is known here, or to the rules' own extractors. */
function unknownKinds(filter: Place, rules: readonly Rule[]): Place[] {
  const extracted = new Set(rules.flatMap(({ extractors }) => [...extractors.keys()]));
  const holdImages = [
    ...podResources,
    ...[...extracted].map((kind) => ({ group: '*', version: '*', kind, subresource: '' })),
  ];
  const kinds = resourcesIn(filter).flatMap((resources) => resources.field('kinds').items);
  return kinds.filter(({ text = '' }) => {
    const pattern = parseKind(text);
    return pattern !== undefined && !holdImages.some((resource) => mayBe(pattern, resource));
  });
}

function likelyMeaning({ text = '' }: Place): string | undefined {
  const pattern = parseKind(text);
  const kind = pattern && likely(pattern);
  return kind && `did you mean ${kind}?`;
}
