import type { ExpressionFunction, FunctionTable } from './function.ts';
import { kyvernoFunctions } from './kyverno.ts';
import { standardFunctions } from './standard.ts';

/** The functions of both lists by their names; what the later list has of a name takes the place of the earlier one's. */
export function tableOf(...lists: readonly (readonly ExpressionFunction[])[]): FunctionTable {
  return new Map(lists.flat().map((entry) => [entry.name, entry]));
}

/** All functions that expressions have, but for those that take expressions. `loadRegExps` is awaited before any is called. */
export const functionTable: FunctionTable = tableOf(standardFunctions, kyvernoFunctions);
