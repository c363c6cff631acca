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

interface Growing {
  readonly fail: Rule[];
  readonly ignore: Rule[];
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
 * namespaces with some labels are in scopes of their own, by what the API server selects. Where one rule of a policy is applied, all of them
 * are in one scope: `fail` if one of them belongs there.
 */
export function scopesOf({ rules }: PolicySet): Scopes {
  const unselected: Growing = { fail: [], ignore: [] };
  const selected = new Map<string, SelectedScope & Growing>();
  for (const together of groupsOf(rules)) {
    const bySelection = Map.groupBy(
      together.flatMap((rule) => selectedRules(rule, together)),
      ({ selection }) => selectionHash(selection),
    );
    for (const [hash, [first, ...more]] of bySelection) {
      if (first === undefined) continue;
      const asked = [first, ...more].map(({ rule }) => rule);
      let scope = hash === undefined ? unselected : selected.get(hash);
      if (hash !== undefined && scope === undefined) {
        const empty = emptyScope(first.selection);
        selected.set(hash, empty);
        scope = empty;
      }
      scope?.[asked.some((rule) => scopeOf(rule) === 'fail') ? 'fail' : 'ignore'].push(...asked);
    }
  }
  return {
    ...unselected,
    audit: rules.map((rule) => ({ ...rule, action: 'audit' as const, overrides: [] })),
    all: rules,
    selected,
  };
}

/** The rules of each policy that applies one of them; each other rule alone. */
function groupsOf(rules: readonly Rule[]): readonly (readonly Rule[])[] {
  return [...Map.groupBy(rules, (rule) => (rule.applyOne ? rule.policy : rule)).values()];
}

function emptyScope(selection: Selection): SelectedScope & Growing {
  const selects = compileSelector({ matchLabels: {}, matchExpressions: selection.requirements });
  return { selection, withoutLabels: selects({}), fail: [], ignore: [] };
}

/** Seconds that an API server is to wait for the answer of a webhook that asks these rules: the largest that one of them names. */
export function timeoutSecondsOf(rules: readonly Rule[]): number {
  if (rules.length === 0) return defaultTimeoutSeconds;
  return rules.reduce((longest, { timeoutSeconds = defaultTimeoutSeconds }) => Math.max(longest, timeoutSeconds), 0);
}
