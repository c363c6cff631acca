import type { ExpressionFunction } from './function.ts';
import { listFunctions } from './standard-lists.ts';
import { numberFunctions } from './standard-numbers.ts';
import { textFunctions } from './standard-texts.ts';
import { valueFunctions } from './standard-values.ts';

/**
 * The functions of JMESPath (https://jmespath.org/specification.html#built-in-functions) as Kyverno's fork has them
 * (https://github.com/kyverno/go-jmespath, functions.go), but where it panics, comes to what JSON does not have, or answers
 * differently each time. Kyverno has a `sum` of its own.
 */
export const standardFunctions: readonly ExpressionFunction[] = [
  ...numberFunctions,
  ...textFunctions,
  ...listFunctions,
  ...valueFunctions,
];
