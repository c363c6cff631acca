import { didYouMean, nearestName } from '../../shared/policy/nearest-name.ts';
import type { Values } from '../values/values.ts';
import type { KnownPolicy } from './whose.ts';

/** Lines, and names among which one that is near is looked for: more are read by nobody. */
const [mostLines, mostNames] = [20, 200];

/**
 * What values are said of that a suite does not have, a line each: they change nothing, and as in Kyverno nobody would be told.
 * `resources`: the names of the suite's.
 */
export function unusedValues(
  { policies }: Pick<Values, 'policies'>,
  known: readonly KnownPolicy[],
  resources: readonly string[],
): readonly string[] {
  const own = ({ name }: KnownPolicy) => name.slice(name.lastIndexOf('/') + 1);
  const names = new Set(resources);
  const lines = policies.flatMap((policy) => {
    const meant = known.filter((each) => own(each) === policy.name);
    if (meant.length === 0) return [unused('policy', policy.name, known.map(own))];
    const rules = meant.flatMap((each) => [...each.rules.keys()]);
    const made = rules.flatMap((rule) => [`autogen-${rule}`, `autogen-cronjob-${rule}`]);
    const where = ` in policy '${policy.name}'`;
    return [
      ...policy.resources.flatMap(({ name }) => (names.has(name) ? [] : unused('resource', name, resources, where))),
      ...policy.rules.flatMap(({ name }) =>
        [...rules, ...made].includes(name) ? [] : unused('rule', name, rules, where),
      ),
    ];
  });
  return lines.slice(0, mostLines);
}

function unused(what: string, name: string, known: readonly string[], where = ''): string {
  const meant = didYouMean(nearestName(name, known.slice(0, mostNames)));
  return `values${where} are said of the ${what} '${name.slice(0, 120)}', which the suite does not have${meant}`;
}
