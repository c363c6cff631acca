import { podResources } from '../../admission/slots.ts';
import { compileKind } from '../match.ts';
import type { Rule } from '../policy.ts';
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
  const unknown = kindPlaces(place.field('match')).filter(isUnknown);
  for (const kind of unknown) {
    report.warning(
      kind,
      `kind '${kind.text}' holds no image that is known here: ${likelyMeaning(kind) ?? 'nothing is asked about it'}`,
    );
  }
  warnOfMisspeltKinds(place.field('exclude'), 'excludes nothing that is asked about', report);
  if (unknown.length === 0 && [rule, ...made].every(asksNothing)) {
    report.warning(
      place,
      `rule '${rule.name}' matches no Pod and no Pod controller that is created or updated: nothing is asked`,
    );
  }
}

/** Warns of kinds in a filter that takes objects away which are likely meant to be others. */
export function warnOfMisspeltKinds(filter: Place, comesTo: string, report: Report): void {
  for (const kind of kindPlaces(filter).filter(isUnknown)) {
    const meant = likelyMeaning(kind);
    if (meant !== undefined) report.warning(kind, `kind '${kind.text}' ${comesTo}: ${meant}`);
  }
}

/** Each kind that a filter names. */
function kindPlaces(filter: Place): Place[] {
  return resourcesIn(filter).flatMap((resources) => resources.field('kinds').items);
}

function isUnknown({ text = '' }: Place): boolean {
  const pattern = parseKind(text);
  return pattern !== undefined && !podResources.some(compileKind(pattern));
}

function likelyMeaning({ text = '' }: Place): string | undefined {
  const pattern = parseKind(text);
  const kind = pattern && likely(pattern);
  return kind && `did you mean ${kind}?`;
}
