import { compileWildcard } from '../image/wildcard.ts';
import type { Action, Rule } from './policy.ts';

type Override = Rule['overrides'][number];
const compiled = new WeakMap<Override, (namespace: string) => boolean>();

/** What a rule's failure does to an object of this namespace: the first override that names it, else the rule's own action. */
export function actionFor(rule: Rule, namespace: string): Action {
  for (const override of rule.overrides) if (holdsIn(override, namespace)) return override.action;
  return rule.action;
}

function holdsIn(override: Override, namespace: string): boolean {
  let test = compiled.get(override);
  if (test === undefined) {
    const patterns = override.namespaces.map(compileWildcard);
    test = (text) => patterns.some((matches) => matches(text));
    compiled.set(override, test);
  }
  return test(namespace);
}

/** Whether the rule enforces in any namespace that there may be. */
export function enforcesSomewhere(rule: Rule): boolean {
  for (const { action, namespaces } of rule.overrides) {
    if (action === 'enforce') return true;
    if (namespaces.some((pattern) => /^\*+$/.test(pattern))) return false;
  }
  return rule.action === 'enforce';
}

/**
 * Which webhook asks about the rule: `fail` if it enforces somewhere under failurePolicy Fail, `ignore` for all others, so
 * that a rule which only audits never blocks a cluster whose calls fail.
 */
export function scopeOf(rule: Rule): 'fail' | 'ignore' {
  return rule.failurePolicy === 'Fail' && enforcesSomewhere(rule) ? 'fail' : 'ignore';
}
