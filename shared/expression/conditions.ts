import type { Operator } from './operators.ts';
import type { Run } from './run.ts';
import type { Scope } from './scope.ts';
import type { Json } from './value.ts';

/** `conditions`, `preconditions`, `deny.conditions`, read once: a list of blocks, each of which must be met. */
export interface Conditions {
  /** The names of the root that they are about; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Whether all are met. Throws ExpressionError. */
  test(scope: Scope, run: Run): ConditionsResult;
}

export type ConditionsResult = { readonly met: true } | { readonly met: false; readonly unmet: UnmetCondition };

/** The first condition that was not met; of an `any` block the last one. */
export interface UnmetCondition {
  /** As the policy writes it. */
  readonly key: string;
  readonly operator: Operator;
  /** What the key came to, and what was wanted. */
  readonly found: Json;
  readonly wanted: Json;
  /** The condition's own message, its variables substituted; empty where it has none. */
  readonly message: string;
}
