import type { Conditions } from './conditions.ts';
import type { Expression } from './expression.ts';
import type { Operator } from './operators.ts';
import type { Template } from './template.ts';
import type { Json } from './value.ts';

let engine: typeof import('./engine.ts') | undefined;

/** Loads what parses and evaluates: time that only policies with expressions take. Once; others find it loaded. */
export async function loadExpressions(): Promise<void> {
  engine ??= await import('./engine.ts');
}

function loaded(): typeof import('./engine.ts') {
  if (engine === undefined) throw new Error('expressions are not loaded');
  return engine;
}

/** A JMESPath expression. Throws ExpressionError; a defect where `loadExpressions` was not awaited, as do all of these. */
export function compileExpression(text: string): Expression {
  return loaded().expression(text);
}

/** A value in which variables may stand. Throws ExpressionError. */
export function compileTemplate(tree: Json): Template {
  return loaded().template(tree);
}

/** A condition as it is written: its key, value and message may hold variables. */
export interface WrittenCondition {
  readonly key: Json;
  readonly operator: Operator;
  readonly value: Json;
  readonly message?: string;
}

/** (any of `any`) and (all of `all`), as far as they are there. */
export interface WrittenBlock {
  readonly any?: readonly WrittenCondition[];
  readonly all?: readonly WrittenCondition[];
}

/** Blocks of conditions, each of which must be met. Throws ExpressionError. */
export function compileConditions(blocks: readonly WrittenBlock[]): Conditions {
  return loaded().conditions(blocks);
}
