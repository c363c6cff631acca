import { quoted } from '../printable.ts';
import { ExpressionError } from './error.ts';

/** A text of a policy taken apart: what stands for itself, and variables. */
export type TextPart = string | Variable;

/** `{{ … }}`. */
export interface Variable {
  /** What stands between the braces, without white space around it and without the `-`; a `mark` for each variable inside it. */
  readonly content: string;
  readonly inner: readonly Variable[];
  /** The same as the policy writes it. */
  readonly source: string;
}

/** Stands for a variable inside another one; no text of a policy holds it. */
export const mark = '\0';

/** UTF-16 units of a text with variables. */
export const largestText = 32 * 1024;
/** UTF-16 units of an expression, with the variables inside it. */
export const largestExpression = 8 * 1024;
/** Variables inside variables, the outermost counted. */
const maxNesting = 8;

/**
 * A variable in which no other one stands, as Kyverno's pkg/engine/variables/regex finds it: braces stand one deep in it, and no
 * backslash before it. Each pass over a text finds the innermost ones that are left.
 */
const innermost = /(?<!\\)\{\{((?:\{[^{}]*\}|[^{}])*)\}\}/g;
const unescapedBraces = /(?<!\\)\{\{/;

/**
 * Whether a text of a policy is another one once its variables are substituted: it has variables, references, or escapes of either.
 * Such a text is read with `compileTemplate`, or refused.
 */
export function hasVariables(text: string): boolean {
  return text.includes('{{') || text.includes('$(');
}

/** Takes a text apart. Throws ExpressionError where braces are opened that belong to no variable: Kyverno takes them for text. */
export function takeApart(text: string): readonly TextPart[] {
  if (!text.includes('{{')) return [text];
  if (text.length > largestText) throw new ExpressionError(`a text is longer than ${largestText} characters`);
  if (text.includes(mark)) throw new ExpressionError('a text with variables holds a NUL character');
  let rest = text;
  let variables: readonly Variable[] = [];
  for (let depth = 0; ; depth += 1) {
    const pass = onePass(rest, variables);
    if (pass === undefined) break;
    if (depth === maxNesting)
      throw new ExpressionError(`variables stand more than ${maxNesting} deep inside each other`);
    ({ rest, variables } = pass);
  }
  if (unescapedBraces.test(rest)) {
    const told = quoted(withSources(rest, variables), 120);
    throw new ExpressionError(
      `braces are opened and no variable is closed in ${told}: inside {{ }} braces stand one deep; for the text write \\{{`,
    );
  }
  const [first = '', ...others] = rest.split(mark).map((piece) => piece.replaceAll('\\{{', '{{'));
  return [first, ...others.flatMap((piece, index) => [variables[index] ?? '', piece])].filter((part) => part !== '');
}

/** Puts a mark in the place of each innermost variable; `variables` are those whose marks stand in the text already, in order. */
function onePass(text: string, variables: readonly Variable[]): { rest: string; variables: Variable[] } | undefined {
  let rest = '';
  let end = 0;
  let taken = 0;
  const kept: Variable[] = [];
  for (const found of text.matchAll(innermost)) {
    const before = text.slice(end, found.index);
    const written = found[1] ?? '';
    const outside = taken + marksIn(before);
    const inside = outside + marksIn(written);
    kept.push(...variables.slice(taken, outside), variableOf(written, variables.slice(outside, inside)));
    taken = inside;
    rest += before + mark;
    end = found.index + found[0].length;
  }
  if (end === 0) return undefined;
  return { rest: rest + text.slice(end), variables: [...kept, ...variables.slice(taken)] };
}

function variableOf(written: string, inner: readonly Variable[]): Variable {
  // `{{- x }}`: Kyverno reads what it substitutes once more, but for those. Here that is never done.
  const content = written.trim().replace(/^-\s*/, '');
  const source = withSources(content, inner);
  if (source.length > largestExpression) {
    throw new ExpressionError(`an expression is longer than ${largestExpression} characters`);
  }
  if (content === '') throw new ExpressionError('a variable is empty');
  if (content === '@') throw new ExpressionError("the variable '@' stands for a place of a pattern, and this is none");
  return { content, inner, source };
}

function withSources(text: string, variables: readonly Variable[]): string {
  let next = 0;
  return text.replaceAll(mark, () => `{{ ${variables[next++]?.source ?? ''} }}`);
}

function marksIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) count += 1;
  return count;
}
