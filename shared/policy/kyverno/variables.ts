import { ExpressionError } from '../../expression/error.ts';
import { compileTemplate } from '../../expression/expressions.ts';
import type { Template } from '../../expression/template.ts';
import type { Json } from '../../expression/value.ts';
import type { Place, Tree } from './place.ts';
import type { Report } from './report.ts';

/** What Kyverno reads as a variable, or as a reference within the document. */
const variable = /\{\{|\$\(/;

/** Sees documents that may hold expressions, whatever escapes their characters are written with. */
const sign = /\{\{|\$\(|attestations|conditions|context|jmesPath|\\/;

/** Whether loading may come upon an expression, so that `loadExpressions` must have been awaited. */
export function mayHoldExpression(text: string): boolean {
  return sign.test(text);
}

/** Whether a variable stands in the text. */
export function hasVariable(text: string): boolean {
  return variable.test(text);
}

/** Whether a variable stands anywhere in a part of a document, in a name or in a text. */
export function holdsVariable(tree: Tree): boolean {
  if (tree.kind === 'leaf') return typeof tree.value === 'string' && hasVariable(tree.value);
  if (tree.kind === 'list') return tree.items.some(holdsVariable);
  for (const [name, child] of tree.entries) if (hasVariable(name) || holdsVariable(child)) return true;
  return false;
}

/** The template of what is written at a place; `undefined` where the report says why there is none. */
export function readTemplate(value: Json, place: Place, report: Report): Template | undefined {
  try {
    return compileTemplate(value);
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    report.problem(place, thrown.message);
    return undefined;
  }
}
