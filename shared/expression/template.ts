import type { Run } from './run.ts';
import type { Scope } from './scope.ts';
import type { Json } from './value.ts';

/** A value of a policy in which variables stand (`{{ }}`, `$( )`), read once. */
export interface Template {
  /** The names of the root that its variables begin with; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Whether there are variables in it at all. */
  readonly variable: boolean;
  /** The value with its variables substituted; what was substituted is never read as a variable. Throws ExpressionError. */
  render(scope: Scope, run: Run): Json;
}
