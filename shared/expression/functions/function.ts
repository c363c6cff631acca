import type { Run } from '../run.ts';
import type { Json } from '../value.ts';

export type ArgumentType = 'any' | 'array' | 'boolean' | 'null' | 'number' | 'object' | 'string';

/** A function of expressions that takes values. Those that take expressions (`map`, `sort_by`) belong to the language. */
export interface ExpressionFunction {
  readonly name: string;
  /** For each argument the types that it may have. */
  readonly takes: readonly (readonly ArgumentType[])[];
  /** There may be more of the last one. */
  readonly variadic?: boolean;
  /** Its arguments are of the types that it takes. Throws ExpressionError. */
  call(given: readonly Json[], run: Run): Json;
}

export type FunctionTable = ReadonlyMap<string, ExpressionFunction>;
