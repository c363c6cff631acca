import { ExpressionError } from './error.ts';
import { sortedNames } from './order.ts';
import { type Run, stepsOfText } from './run.ts';
import { isList, type Json, largestDepth } from './value.ts';

/** What Go's encoding/json escapes beside what every JSON does, so that its text may stand in HTML. */
const escapedByGo = /[<>&\u2028\u2029]/g;
const escapesOfGo = new Map([
  ['<', '\\u003c'],
  ['>', '\\u003e'],
  ['&', '\\u0026'],
  ['\u2028', '\\u2028'],
  ['\u2029', '\\u2029'],
]);
/** Beside the one of every value: a number is written in four times what any other short value takes. */
const stepsOfNumber = 3;
/** What does not stand for itself in a string; most strings have none of it. */
const escaped = /["\\<>&\p{Cc}\u2028\u2029\ud800-\udfff]/u;

/** The value as Go's json.Marshal writes it: no blanks, fields by their names. Throws ExpressionError. */
export function jsonText(value: Json, run: Run): string {
  const parts: string[] = [];
  write(value, parts, run, 0);
  return parts.join('');
}

/** A number as Go's json.Marshal writes it, which is as JavaScript does but for -0. Throws ExpressionError. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new ExpressionError('a number is larger than any that JSON can hold');
  return Object.is(value, -0) ? '-0' : String(value);
}

function write(value: Json, parts: string[], run: Run, depth: number): void {
  run.spend(1);
  if (depth > largestDepth) throw new ExpressionError(`a value nested over ${largestDepth} deep is written as text`);
  if (typeof value === 'number') {
    run.spend(stepsOfNumber);
    parts.push(numberText(value));
  } else if (typeof value === 'string') parts.push(stringText(value, run));
  else if (typeof value !== 'object' || value === null) parts.push(String(value));
  else if (isList(value)) {
    // By index: an iterator takes as long as what it gives.
    for (let at = 0; at < value.length; at += 1) {
      parts.push(at === 0 ? '[' : ',');
      write(value[at] ?? null, parts, run, depth + 1);
    }
    parts.push(value.length === 0 ? '[]' : ']');
  } else {
    const names = sortedNames(value, run);
    for (const [at, name] of names.entries()) {
      parts.push(at === 0 ? '{' : ',', stringText(name, run), ':');
      write(value[name] ?? null, parts, run, depth + 1);
    }
    parts.push(names.length === 0 ? '{}' : '}');
  }
}

function stringText(value: string, run: Run): string {
  run.spend(4 * stepsOfText(value.length));
  if (!escaped.test(value)) return `"${value}"`;
  run.spend(Math.ceil(value.length / 4));
  const text = JSON.stringify(value.toWellFormed());
  return text.replace(escapedByGo, (character) => {
    run.spend(2);
    return escapesOfGo.get(character) ?? character;
  });
}
