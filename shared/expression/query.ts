import { type Compile, compileVariable } from './nested.ts';
import { resolveReferences } from './references.ts';
import type { Run } from './run.ts';
import type { Scope } from './scope.ts';
import { mark, takeApart } from './template-text.ts';
import type { Json } from './value.ts';

/**
 * A `jmesPath` of a policy: an expression without braces around it, in which variables may stand. They come to values of the scope,
 * whatever the expression is asked about.
 */
export interface Query {
  /** The names of the root that it begins with, and its variables; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Those of its variables alone, which are asked for where it is about a value. */
  readonly variableNames: ReadonlySet<string> | undefined;
  /** Throws ExpressionError. */
  evaluate(scope: Scope, run: Run): Json;
  /** About a value instead of the scope. Throws ExpressionError. */
  evaluateOn(value: Json, scope: Scope, run: Run): Json;
}

/**
 * Kyverno substitutes the variables and parses what comes of it; here they are values in their places, as `compileVariable` says.
 * Throws ExpressionError.
 */
export function compileQuery(text: string, compile: Compile): Query {
  const parts = takeApart(resolveReferences(text, text, []));
  const content = parts.map((part) => (typeof part === 'string' ? part : mark)).join('');
  const inner = parts.filter((part) => typeof part !== 'string');
  const { names, innerNames, bind } = compileVariable({ content, inner }, compile);
  return {
    names,
    variableNames: innerNames,
    evaluate: (scope, run) => bind(scope, run).evaluate(scope, run),
    evaluateOn: (value, scope, run) => bind(scope, run).evaluateOn(value, run),
  };
}
