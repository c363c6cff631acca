import { enforcesSomewhere } from '../action.ts';
import { selectedRules, selectionHash } from '../namespace-scopes.ts';
import type { Rule } from '../policy.ts';
import { resourcesOf } from '../resources.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** Warns of what a policy that applies one of its rules (`applyRules: One`) comes to. */
export function warnOfApplyOne(rules: readonly Rule[], applyRules: Place, report: Report): void {
  const written = rules.filter(({ applyOne, autogenOf }) => applyOne && autogenOf === undefined);
  warnOfSpared(written, applyRules, report);
  warnOfSeveralCalls(written, applyRules, report);
}

/** Which rule it is goes by the object as a whole, so by each image that its author puts in it. */
function warnOfSpared(written: readonly Rule[], applyRules: Place, report: Report): void {
  for (const [index, rule] of written.entries()) {
    if (!enforcesSomewhere(rule)) continue;
    const resources = resourcesOf(rule);
    const first = written.slice(0, index).find((each) => resourcesOf(each).some((one) => resources.includes(one)));
    if (first === undefined) continue;
    report.warning(
      applyRules,
      `One: whoever adds an image that rule '${first.name}' covers has rule '${rule.name}' asked nothing of the object's other images; write All, unless '${first.name}' covers them too`,
    );
    return;
  }
}

/**
 * An API server asks about rules in several calls, by the labels of namespaces, and no call knows what another one came to: each applies the
 * first of the rules that it asks. More is asked then than in Kyverno, never less.
 */
function warnOfSeveralCalls(written: readonly Rule[], applyRules: Place, report: Report): void {
  const calls = new Set(written.flatMap(selectedRules).map(({ selection }) => selectionHash(selection)));
  if (written.length < 2 || calls.size < 2) return;
  report.warning(
    applyRules,
    `One is found out in one call, and by their namespaceSelectors these rules are asked in ${calls.size}: deployed, each call applies the first of its own`,
  );
}
