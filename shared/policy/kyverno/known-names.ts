import { nearestName } from '../nearest-name.ts';
import type { Rule } from '../policy.ts';
import { requestNames } from '../variables.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/**
 * Variables that begin with a name which nothing gives: with Kyverno the policy is refused as well. Conditions of attestations are left
 * out, since what is attested has whatever fields its author gave it.
 */
export function refuseUnknownNames(
  { context, preconditions, entries }: Pick<Rule, 'context' | 'preconditions' | 'entries'>,
  place: Place,
  report: Report,
): void {
  const known = new Set([...requestNames, ...context.map(({ name }) => name)]);
  const check = (names: ReadonlySet<string> | undefined, at: Place) => {
    for (const name of names ?? []) {
      if (known.has(name)) continue;
      const nearest = nearestName(name, [...known]);
      const meant = nearest === undefined ? '' : `; did you mean '${nearest}'?`;
      report.problem(at, `variable '${name.slice(0, 60)}' is not defined: the request and the rule's context have none of it${meant}`);
    }
  };
  check(preconditions?.names, place.field('preconditions'));
  for (const [index, { written }] of entries.entries()) check(written?.names, place.field('verifyImages').item(index));
}
