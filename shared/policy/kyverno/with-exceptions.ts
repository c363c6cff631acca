import { compileWildcard, hasWildcard } from '../../image/wildcard.ts';
import { requestNames } from '../context.ts';
import { didYouMean, nearestName } from '../nearest-name.ts';
import type { Rule, RuleException } from '../policy.ts';
import { isAbout, resourcesOf } from '../resources.ts';
import type { ExceptionTarget, WrittenException } from './exception.ts';
import { warnOfMisspeltKinds } from './unasked-kinds.ts';

/** A policy as exceptions name it. */
export interface NamedPolicy {
  /** `name`, or `namespace/name`. */
  readonly name: string;
  /** The names of all its rules as they are written, those that are left to Kyverno among them. */
  readonly written: readonly string[];
  /** About images, with those that auto-gen makes. */
  readonly rules: readonly Rule[];
}

/**
 * The rules with the exceptions that name them, by a policy's name and wildcards of its rules' names (api/kyverno/v2, Contains): a rule
 * that auto-gen makes has a name of its own, by which it is meant. Warns of what names nothing.
 */
export function withExceptions(
  policies: readonly NamedPolicy[],
  exceptions: readonly WrittenException[],
): readonly Rule[] {
  const byName = Map.groupBy(policies, ({ name }) => name);
  const excepted = new Map<Rule, RuleException[]>();
  for (const written of exceptions) {
    const rules = new Set(written.targets.flatMap((target) => rulesMeant(target, byName, written)));
    for (const rule of rules) {
      const before = excepted.get(rule);
      if (before === undefined) excepted.set(rule, [written.exception]);
      else before.push(written.exception);
    }
    if (written.targets.length === 0) {
      written.report.warning(written.place.field('spec').field('exceptions'), 'lists nothing, so it excepts nothing');
    }
    warnOfMisspeltKinds(
      written.place.field('spec').field('match'),
      [...rules],
      'excepts nothing that is asked about',
      written.report,
    );
    warnOfUnmeantControllers(rules, policies, written);
    warnOfUnknownNames(rules, written);
  }
  return policies.flatMap(({ rules }) =>
    rules.map((rule) => {
      const own = excepted.get(rule);
      return own === undefined ? rule : { ...rule, exceptions: own, varies: true };
    }),
  );
}

/** The rules about images that an element of `exceptions` names. */
function rulesMeant(
  { policyName, ruleNames, at }: ExceptionTarget,
  byName: ReadonlyMap<string, readonly NamedPolicy[]>,
  { report }: WrittenException,
): readonly Rule[] {
  const policies = byName.get(policyName);
  if (policies === undefined) {
    report.warning(
      at.field('policyName'),
      `no policy here is named '${policyName.slice(0, 120)}'${didYouMean(nearestPolicy(policyName, [...byName.keys()]))}`,
    );
    return [];
  }
  const rules = policies.flatMap((policy) => policy.rules);
  const names = [...new Set(policies.flatMap(({ written }) => written).concat(rules.map(({ name }) => name)))];
  if (ruleNames.length === 0) report.warning(at.field('ruleNames'), 'lists nothing, so it excepts nothing');
  return ruleNames.flatMap((pattern, index) => {
    const matches = compileWildcard(pattern);
    const meant = rules.filter(({ name }) => matches(name));
    if (meant.length === 0) {
      const foreign = names.some(matches);
      const why = foreign
        ? `names no rule of ${policyName} about images: it is left to Kyverno`
        : `no rule of ${policyName} is named '${pattern.slice(0, 120)}'${didYouMean(nearestName(pattern, names))}`;
      report.warning(at.field('ruleNames').item(index), why);
    }
    return meant;
  });
}

/** A Policy is named with its namespace: forgetting that is no matter of letters. */
function nearestPolicy(name: string, known: readonly string[]): string | undefined {
  const ofNamespace = known.filter((each) => each.endsWith(`/${name}`));
  return ofNamespace.length === 1 ? ofNamespace[0] : nearestName(name, known);
}

/** An exception for `x` that is about Deployments takes none out of `autogen-x`, which is the rule that asks about them. */
function warnOfUnmeantControllers(
  meant: ReadonlySet<Rule>,
  policies: readonly NamedPolicy[],
  { exception: { match }, targets, report }: WrittenException,
): void {
  for (const { policyName, ruleNames, at } of targets) {
    const rules = policies.filter(({ name }) => name === policyName).flatMap((policy) => policy.rules);
    for (const [index, written] of ruleNames.entries()) {
      if (hasWildcard(written)) continue;
      const others = rules.filter(
        (rule) =>
          rule.autogenOf === written &&
          !meant.has(rule) &&
          resourcesOf(rule).some((resource) => isAbout(match, resource, 'CREATE')),
      );
      if (others.length === 0) continue;
      report.warning(
        at.field('ruleNames').item(index),
        `does not name ${others.map(({ name }) => name).join(' and ')}, which auto-gen makes of ${written} and the match is about as well: add the name, or write '*${written}'`,
      );
    }
  }
}

/** A condition about a name that a rule does not know has no value there, and so the exception does not hold. */
function warnOfUnknownNames(
  meant: ReadonlySet<Rule>,
  { exception: { conditions }, place, report }: WrittenException,
): void {
  for (const rule of meant) {
    const known = [...requestNames, ...rule.context.map(({ name }) => name)];
    for (const name of conditions?.names ?? []) {
      if (known.includes(name)) continue;
      report.warning(
        place.field('spec').field('conditions'),
        `variable '${name.slice(0, 60)}' is not defined in rule ${rule.name} of ${rule.policy}${didYouMean(nearestName(name, known))}`,
      );
    }
  }
}
