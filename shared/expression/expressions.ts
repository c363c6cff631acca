import type { Conditions, WrittenBlock } from './conditions.ts';
import type { Query } from './query.ts';
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

/** A `jmesPath`. Throws ExpressionError; a defect where `loadExpressions` was not awaited, as do all of these. */
export function compileQuery(text: string): Query {
  return loaded().query(text);
}

/** A value in which variables may stand. Throws ExpressionError. */
export function compileTemplate(tree: Json): Template {
  return loaded().template(tree);
}

/** Blocks of conditions, each of which must be met. Throws ExpressionError. */
export function compileConditions(blocks: readonly WrittenBlock[]): Conditions {
  return loaded().conditions(blocks);
}
