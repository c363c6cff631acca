import { enforcesSomewhere } from '../action.ts';
import type { Rule } from '../policy.ts';
import { extractedKindsOf, resourcesOf } from '../resources.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/**
 * Warns of a policy that applies one of its rules where an image spares the object's other images a rule that enforces: which rule it is
 * goes by the object as a whole, so by each image that its author puts in it. `rules`: as they are written, in their order.
 */
export function warnOfSpared(rules: readonly Rule[], applyRules: Place, report: Report): void {
  for (const [index, rule] of rules.entries()) {
    if (!enforcesSomewhere(rule)) continue;
    const kinds = kindsOf(rule);
    const first = rules.slice(0, index).find((each) => !kindsOf(each).isDisjointFrom(kinds));
    if (first === undefined) continue;
    report.warning(
      applyRules,
      `One: whoever adds an image that rule '${first.name}' covers has rule '${rule.name}' asked nothing of the object's other images; write All, unless '${first.name}' covers them too`,
    );
    return;
  }
}

function kindsOf(rule: Rule): ReadonlySet<string> {
  return new Set([...resourcesOf(rule), ...extractedKindsOf(rule)].map(({ kind }) => kind));
}
