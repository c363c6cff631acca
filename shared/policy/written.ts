import type { Run } from '../expression/run.ts';
import type { Scope } from '../expression/scope.ts';
import type { Entry } from './policy.ts';
import type { LoadProblem } from './problems.ts';

/** An entry in which variables stand, as its author wrote it. */
export interface Written {
  /** The names of the root that its variables begin with; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /**
   * The entry with its variables substituted, or why it is none then. The same entry as before where the same values came. Throws
   * ExpressionError.
   */
  entry(scope: Scope, run: Run): Entry | readonly LoadProblem[];
}
