import { compileWildcard } from '../image/wildcard.ts';
import { compileNamespaceSelector } from './match.ts';
import type { Action, Override, Rule } from './policy.ts';

/** `undefined`: its labels decide, and nobody tells them. */
type NamespaceTest = (namespace: string, labels: Labels) => boolean | undefined;
type Labels = Readonly<Record<string, string>> | undefined;
const compiled = new WeakMap<Override, NamespaceTest>();

/**
 * What a rule's failure does to an object of this namespace: the first override that names it, else the rule's own action. Where an override
 * selects namespaces whose labels nobody tells (`labels` is `undefined`), the stricter one is taken.
 */
export function actionFor(rule: Rule, namespace: string, labels: Labels): Action {
  for (const override of rule.overrides) {
    const holds = holdsIn(override, namespace, labels);
    if (holds === true || (holds === undefined && override.action === 'enforce')) return override.action;
  }
  return rule.action;
}

function holdsIn(override: Override, namespace: string, labels: Labels): boolean | undefined {
  let test = compiled.get(override);
  if (test === undefined) {
    test = compileOverride(override);
    compiled.set(override, test);
  }
  return test(namespace, labels);
}

function compileOverride({ namespaces, namespaceSelector }: Override): NamespaceTest {
  const patterns = namespaces.map(compileWildcard);
  const isNamed = (name: string) => patterns.some((matches) => matches(name));
  if (namespaceSelector === undefined) return isNamed;
  const selects = compileNamespaceSelector(namespaceSelector);
  return (name, labels) => isNamed(name) && selects(name, labels);
}

/** Whether the rule enforces in any namespace that there may be. */
export function enforcesSomewhere(rule: Rule): boolean {
  for (const { action, namespaces, namespaceSelector } of rule.overrides) {
    if (action === 'enforce') return true;
    if (namespaceSelector === undefined && namespaces.some((pattern) => /^\*+$/.test(pattern))) return false;
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
