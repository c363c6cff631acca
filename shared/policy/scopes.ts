import { defaultTimeoutSeconds } from '../admission/budget.ts';
import type { Scope } from '../admission/path.ts';
import { scopeOf } from './action.ts';
import type { PolicySet, Rule } from './policy.ts';

/** The rules that one webhook asks, by the scope in its URL; `all` is the local form that has no scope. */
export interface Scopes {
  readonly fail: readonly Rule[];
  readonly ignore: readonly Rule[];
  readonly audit: readonly Rule[];
  readonly all: readonly Rule[];
}

/** The rules of one scope; `undefined` for a namespaceSelector's, which hold none: such a rule is not loaded yet. */
export function rulesIn(scopes: Scopes, scope: Scope): readonly Rule[] | undefined {
  return 'selector' in scope && scope.selector !== undefined ? undefined : scopes[scope.kind];
}

/**
 * `fail`: rules that enforce somewhere under failurePolicy Fail. `ignore`: all others. `audit`: every rule, none blocks.
 */
export function scopesOf({ rules }: PolicySet): Scopes {
  return {
    fail: rules.filter((rule) => scopeOf(rule) === 'fail'),
    ignore: rules.filter((rule) => scopeOf(rule) === 'ignore'),
    audit: rules.map((rule) => ({ ...rule, action: 'audit' as const, overrides: [] })),
    all: rules,
  };
}

/** Seconds that an API server is to wait for the answer of a webhook that asks these rules: the largest that one of them names. */
export function timeoutSecondsOf(rules: readonly Rule[]): number {
  if (rules.length === 0) return defaultTimeoutSeconds;
  return rules.reduce((longest, { timeoutSeconds = defaultTimeoutSeconds }) => Math.max(longest, timeoutSeconds), 0);
}
