import type { Run } from './run.ts';
import type { Scope } from './scope.ts';
import type { Json } from './value.ts';

/** A JMESPath expression, parsed. */
export interface Expression {
  readonly text: string;
  /** The names of the root that it begins with, as far as they are told before it is evaluated; `undefined`: the whole root. */
  readonly names: ReadonlySet<string> | undefined;
  /** Throws ExpressionError. */
  evaluate(scope: Scope, run: Run): Json;
  /** The same about a value, which may be no object, in the place of a root with names. */
  evaluateOn(value: Json, run: Run): Json;
}
