import { defaultTimeoutSeconds } from '../admission/budget.ts';
import type { Scope } from '../admission/path.ts';
import { scopeOf } from './action.ts';
import { type Selection, selectedRules, selectionHash } from './namespace-scopes.ts';
import type { PolicySet, Rule } from './policy.ts';

/** The rules that one webhook asks, by the scope in its URL; `all` is the local form that has no scope. */
export interface Scopes extends Blocking {
  readonly audit: readonly Rule[];
  readonly all: readonly Rule[];
  /** By the hash in the URL: rules for what an API server has selected. */
  readonly selected: ReadonlyMap<string, SelectedScope>;
}

interface Blocking {
  readonly fail: readonly Rule[];
  readonly ignore: readonly Rule[];
}

export interface SelectedScope extends Blocking {
  readonly selection: Selection;
}

/** The rules of one scope; `undefined` for a selection that no rule has. */
export function rulesIn(scopes: Scopes, scope: Scope): readonly Rule[] | undefined {
  if (!('selector' in scope) || scope.selector === undefined) return scopes[scope.kind];
  return scopes.selected.get(scope.selector)?.[scope.kind];
}

/**
 * `fail`: rules that enforce somewhere under failurePolicy Fail, and all rules of a policy that applies one of them, where one of them does
 * (which one it is must be found out in one call). `ignore`: all others. `audit`: every rule, none blocks. Rules about
 * namespaces with some labels are in scopes of their own, by what the API server selects.
 */
export function scopesOf({ rules }: PolicySet): Scopes {
  const unselected = { fail: [] as Rule[], ignore: [] as Rule[] };
  const selected = new Map<string, { selection: Selection; fail: Rule[]; ignore: Rule[] }>();
  const together = new Set(
    rules.filter((rule) => rule.applyOne && scopeOf(rule) === 'fail').map(({ policy }) => policy),
  );
  for (const { rule, selection } of rules.flatMap(selectedRules)) {
    const hash = selectionHash(selection);
    let scope = hash === undefined ? unselected : selected.get(hash);
    if (hash !== undefined && scope === undefined) {
      const empty = { selection, fail: [], ignore: [] };
      selected.set(hash, empty);
      scope = empty;
    }
    scope?.[together.has(rule.policy) ? 'fail' : scopeOf(rule)].push(rule);
  }
  return {
    ...unselected,
    audit: rules.map((rule) => ({ ...rule, action: 'audit' as const, overrides: [] })),
    all: rules,
    selected,
  };
}

/** Seconds that an API server is to wait for the answer of a webhook that asks these rules: the largest that one of them names. */
export function timeoutSecondsOf(rules: readonly Rule[]): number {
  if (rules.length === 0) return defaultTimeoutSeconds;
  return rules.reduce((longest, { timeoutSeconds = defaultTimeoutSeconds }) => Math.max(longest, timeoutSeconds), 0);
}
