import { ExpressionError } from '../../expression/error.ts';
import { compileTemplate } from '../../expression/expressions.ts';
import type { Template } from '../../expression/template.ts';
import { hasVariables } from '../../expression/template-text.ts';
import type { Json } from '../../expression/value.ts';
import type { Place, Tree } from './place.ts';
import type { Report } from './report.ts';

/** Sees documents that may hold expressions, whatever escapes their characters are written with. */
const sign = /\{\{|\$\(|attestations|conditions|context|jmesPath|\\/;

/** Whether loading may come upon an expression, so that `loadExpressions` must have been awaited. */
export function mayHoldExpression(text: string): boolean {
  return sign.test(text);
}

/** Whether a variable stands anywhere in a part of a document, in a name or in a text. */
export function holdsVariable(tree: Tree): boolean {
  if (tree.kind === 'leaf') return typeof tree.value === 'string' && hasVariables(tree.value);
  if (tree.kind === 'list') return tree.items.some(holdsVariable);
  for (const [name, child] of tree.entries) if (hasVariables(name) || holdsVariable(child)) return true;
  return false;
}

/** The template of what is written at a place; `undefined` where the report says why there is none. */
export function readTemplate(value: Json, place: Place, report: Report): Template | undefined {
  return read(() => compileTemplate(value), place, report);
}

/** What is read of expressions at a place or below it; `undefined` where the report says which of them is none. */
export function read<T>(compile: () => T, place: Place, report: Report): T | undefined {
  try {
    return compile();
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    for (const at of variableTexts(place)) {
      const why = problemOf(at.text ?? '');
      if (why !== undefined) {
        report.problem(at, why);
        return undefined;
      }
    }
    report.problem(place, thrown.message);
    return undefined;
  }
}

/** The texts in which variables stand, in their order. */
export function variableTexts(place: Place): readonly Place[] {
  if (place.text !== undefined) return hasVariables(place.text) ? [place] : [];
  return [...place.names.map((name) => place.field(name)), ...place.items].flatMap(variableTexts);
}

/** The names of the root that the variables of a text begin with; `undefined`: any, or it is none by itself. */
export function namesIn(text: string): ReadonlySet<string> | undefined {
  try {
    return compileTemplate(text).names;
  } catch (thrown) {
    if (thrown instanceof ExpressionError) return undefined;
    throw thrown;
  }
}

/** Why a text is none. One with references is read with what it refers to, and not by itself. */
function problemOf(text: string): string | undefined {
  if (text.includes('$(')) return undefined;
  try {
    compileTemplate(text);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ExpressionError) return thrown.message;
    throw thrown;
  }
}
