import { defaultTimeoutSeconds } from '../admission/budget.ts';
import type { Scope } from '../admission/path.ts';
import { scopeOf } from './action.ts';
import { compileSelector } from './match.ts';
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
  /** Whether it selects what has no labels. */
  readonly withoutLabels: boolean;
}

/**
 * The rules of one scope for an object in this namespace; `undefined` for a selection that no rule has. An object that is in none, of a
 * kind that the cluster has as a whole, an API server sends whatever is selected: it counts as one without labels, as in Kyverno.
 */
export function rulesIn(scopes: Scopes, scope: Scope, namespace: string): readonly Rule[] | undefined {
  if (!('selector' in scope) || scope.selector === undefined) return scopes[scope.kind];
  const selected = scopes.selected.get(scope.selector);
  if (namespace === '' && selected !== undefined && !selected.withoutLabels) return [];
  return selected?.[scope.kind];
}

/**
 * `fail`: rules that enforce somewhere under failurePolicy Fail. `ignore`: all others. `audit`: every rule, none blocks. Rules about
 * namespaces with some labels are in scopes of their own, by what the API server selects.
 */
export function scopesOf({ rules }: PolicySet): Scopes {
  const unselected = { fail: [] as Rule[], ignore: [] as Rule[] };
  const selected = new Map<string, SelectedScope & { fail: Rule[]; ignore: Rule[] }>();
  for (const { rule, selection } of rules.flatMap(selectedRules)) {
    const hash = selectionHash(selection);
    let scope = hash === undefined ? unselected : selected.get(hash);
    if (hash !== undefined && scope === undefined) {
      const selects = compileSelector({ matchLabels: {}, matchExpressions: selection.requirements });
      const empty = { selection, withoutLabels: selects({}), fail: [], ignore: [] };
      selected.set(hash, empty);
      scope = empty;
    }
    scope?.[scopeOf(rule)].push(rule);
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
