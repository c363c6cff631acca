import { quoted } from '../printable.ts';
import { ExpressionError } from './error.ts';
import { largestText } from './template-text.ts';
import type { Json } from './value.ts';

/**
 * Kyverno's references, `$(./../key)`: a text of the same document is put into another one when policies are read, ahead of variables,
 * which may stand in what is put in. A path begins at the document's root (`/spec/name`), or at the text that the reference
 * stands in, so that `./../key` is beside it. `$(<=./../key)` puts the operator before the text. For the text `$(X)` write `\$(X)`.
 */
export type Path = readonly (string | number)[];

const operators = ['>=', '<=', '>', '<', '!'];

/** A text of `document` with its references resolved. Throws ExpressionError where one names no text. */
export function resolveReferences(document: Json, text: string, path: Path): string {
  if (!text.includes('$(')) return text;
  if (text.length > largestText) throw tooLong();
  let resolved = '';
  let end = 0;
  for (const [from, to] of references(text)) {
    resolved += text.slice(end, from) + referent(document, text.slice(from, to), path);
    end = to;
    if (resolved.length > largestText) throw tooLong();
  }
  return unescaped(resolved + text.slice(end));
}

/**
 * Where references stand, as Kyverno's regular expression finds them: from a `$(` without a backslash before it to the last
 * parenthesis ahead of the next space, with a character in it at least.
 */
function* references(text: string): Generator<readonly [from: number, to: number]> {
  let from = text.indexOf('$(');
  while (from >= 0) {
    const space = text.indexOf(' ', from + 3);
    const run = space < 0 ? text.length : space;
    const close = from + 3 + text.slice(from + 3, run).lastIndexOf(')');
    if (close < from + 3) {
      // No other one can end in this run of characters either, but one whose first character is the space.
      from = text.indexOf('$(', Math.max(from + 1, run - 2));
    } else if (text[from - 1] === '\\' || text[from + 2] === '\n') {
      from = text.indexOf('$(', from + 1);
    } else {
      yield [from, close + 1];
      from = text.indexOf('$(', close + 1);
    }
  }
}

/** Takes the backslash away from each `\$(X)`, where no space is in X but as its first character. */
function unescaped(text: string): string {
  let made = '';
  let done = 0;
  let from = text.indexOf('\\$(');
  while (from >= 0) {
    const stop = /[ )]/g;
    stop.lastIndex = from + 4;
    const end = stop.exec(text)?.index;
    if (end === undefined) break;
    const closed = text[end] === ')' && text[from + 3] !== '\n';
    if (closed) {
      made += text.slice(done, from);
      done = from + 1;
    }
    // Where no parenthesis closes this one, none closes those up to the space.
    from = text.indexOf('\\$(', closed ? end + 1 : text[end] === ')' ? from + 1 : Math.max(from + 1, end - 3));
  }
  return made + text.slice(done);
}

function referent(document: Json, reference: string, path: Path): string {
  const inner = reference.replace(/^[$()]+|[$()]+$/g, '');
  const operator = inner.length < 2 ? '' : (operators.find((each) => inner.startsWith(each)) ?? '');
  const target = inner.slice(operator.length);
  const value = target === '' ? undefined : find(document, pathTo(target, path));
  if (typeof value === 'number' && operator !== '') return operator + value;
  if (typeof value !== 'string') throw wrong(reference, 'names no text of the same document');
  if (!references(value).next().done) throw wrong(reference, 'names a text that has a reference itself');
  return operator + value;
}

function tooLong(): ExpressionError {
  return new ExpressionError(`a text is longer than ${largestText} characters`);
}

function wrong(reference: string, what: string): ExpressionError {
  return new ExpressionError(
    `${quoted(reference, 120)} ${what}; for the text itself write ${quoted(`\\${reference}`, 120)}`,
  );
}

/** A `/` of a key is written `\/`. */
function pathTo(target: string, from: Path): string[] {
  const path = target.startsWith('/') ? [] : from.map(String);
  for (const step of target.split(/(?<!\\)\//)) {
    if (step === '..') path.pop();
    else if (step !== '' && step !== '.') path.push(step.replaceAll('\\/', '/'));
  }
  return path;
}

function find(document: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = document;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(step)) return undefined;
    value = Object.hasOwn(value, step) ? (value as { readonly [name: string]: Json })[step] : undefined;
  }
  return value;
}
