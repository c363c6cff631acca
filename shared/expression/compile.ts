import type { Expression } from './expression.ts';
import type { FunctionTable } from './functions/function.ts';
import { Evaluation, root } from './jmespath/evaluation.ts';
import { namesOf } from './jmespath/names.ts';
import { parseExpression } from './jmespath/parse.ts';
import { stepOf } from './jmespath/steps.ts';
import { nothing } from './scope.ts';

/** Throws ExpressionError: it does not parse, or calls what is not in the table. */
export function compileExpression(text: string, functions: FunctionTable): Expression {
  const node = parseExpression(text);
  const step = stepOf(node, functions);
  return {
    text,
    names: namesOf(node),
    evaluate: (scope, run) => new Evaluation(scope, run).result(step, root),
    evaluateOn: (value, run) => new Evaluation(nothing, run).result(step, value),
  };
}
