import { ExpressionError, ExpressionTooCostly } from './error.ts';
import type { Run } from './run.ts';
import type { Json } from './value.ts';

/** Lists and objects inside each other: what comes from outside was parsed within less. */
const maxDepth = 256;
/** Characters for which a step is spent. */
const stride = 64;
/** What Go's encoding/json writes as `\u003c` and so on, inside strings alone. */
const markup = /[<>&\u2028\u2029]/g;

/**
 * A value as Kyverno writes it into a text: a string as it is, all else as the JSON that Go writes, without white space, an object's
 * names in order. Throws ExpressionTooCostly where it has more than `most` UTF-16 units.
 */
export function textOf(value: Json, run: Run, most: number): string {
  if (typeof value !== 'string') return jsonOf(value, run, most);
  run.spend(1 + value.length / stride);
  if (value.length > most) throw tooLong(most);
  return value;
}

/** The same with quotes around a string. */
export function jsonOf(value: Json, run: Run, most: number): string {
  const pieces: string[] = [];
  let room = most;
  function put(piece: string): void {
    room -= piece.length;
    if (room < 0) throw tooLong(most);
    run.spend(1 + piece.length / stride);
    pieces.push(piece);
  }
  function write(each: Json, depth: number): void {
    if (depth > maxDepth) throw new ExpressionTooCostly(`a value is nested more than ${maxDepth} deep`);
    if (typeof each === 'string') put(quotedJson(each));
    else if (typeof each === 'number') put(numberJson(each));
    else if (each === null || typeof each === 'boolean') put(String(each));
    else if (isList(each)) {
      put('[');
      each.forEach((element, index) => {
        if (index > 0) put(',');
        write(element, depth + 1);
      });
      put(']');
    } else {
      put('{');
      let first = true;
      for (const name of Object.keys(each).sort()) {
        if (!first) put(',');
        first = false;
        put(`${quotedJson(name)}:`);
        write(each[name] ?? null, depth + 1);
      }
      put('}');
    }
  }
  write(value, 0);
  return pieces.join('');
}

/**
 * A value as a literal of an expression, between backticks. Whatever the value, no quote and no backtick of it is left, and a
 * backslash stands only before a letter: however an expression's text is taken apart, the literal ends where it ends.
 */
export function literalOf(value: Json, run: Run, most: number): string {
  const json = jsonOf(value, run, most).replace(/\\["\\]|['`]/g, (found) => escapeOf(found.slice(-1)));
  return `\`${json}\``;
}

/** A name as a quoted identifier of an expression, escaped in the same manner. */
export function quotedName(name: string, run: Run, most: number): string {
  return literalOf(name, run, most).slice(1, -1);
}

function quotedJson(text: string): string {
  return JSON.stringify(text).replace(markup, escapeOf);
}

function numberJson(value: number): string {
  if (!Number.isFinite(value)) throw new ExpressionError('a number is too large for JSON');
  return JSON.stringify(value);
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function tooLong(most: number): ExpressionTooCostly {
  return new ExpressionTooCostly(`a text would be longer than ${most} characters`);
}

/** Array.isArray, which knows nothing of lists that are only read. */
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
