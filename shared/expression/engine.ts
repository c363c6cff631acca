import { compileExpression } from './compile.ts';
import { type Conditions, compileConditions, type WrittenBlock } from './conditions.ts';
import { functionTable } from './functions/table.ts';
import type { Compile } from './nested.ts';
import { compileQuery, type Query } from './query.ts';
import { compileTemplate, type Template } from './template.ts';
import type { Json } from './value.ts';

/*
 * What evaluates expressions, behind one door: it is loaded with `import()` by those whose policies have any, since the parser and
 * the functions take milliseconds that others do without.
 */

const compile: Compile = (text) => compileExpression(text, functionTable);

export function template(tree: Json): Template {
  return compileTemplate(tree, compile);
}

export function query(text: string): Query {
  return compileQuery(text, compile);
}

export function conditions(blocks: readonly WrittenBlock[]): Conditions {
  return compileConditions(blocks, (tree, at) => compileTemplate(tree, compile, at));
}

export { compileExpression } from './compile.ts';
export { functionTable } from './functions/table.ts';
export { createRun } from './run.ts';
