import { ExpressionError } from '../error.ts';
import { numberText } from '../json-text.ts';
import { sortedNames } from '../order.ts';
import { type Run, stepsOfText } from '../run.ts';
import { isList, type Json, largestDepth } from '../value.ts';

/**
 * A value as the operators about lists compare it: null, lists and objects as Go prints them (`<nil>`, `[a b]`, `map[a:1 b:2]`), a number
 * as JSON writes it. Go prints `1e+06` for a million where Kyverno holds it as floating point, and `1000000` where it holds it
 * as a whole number; here there is one kind. Throws ExpressionError.
 */
export function itemText(value: Json, run: Run): string {
  const pieces: string[] = [];
  print(value, pieces, run, 0);
  return pieces.join('');
}

/** The texts of all items of a list. */
export function itemTexts(list: readonly Json[], run: Run): string[] {
  return list.map((item) => itemText(item, run));
}

function print(value: Json, pieces: string[], run: Run, depth: number): void {
  run.spend(1);
  if (depth > largestDepth) throw new ExpressionError(`a value nested over ${largestDepth} deep is compared`);
  if (value === null) pieces.push('<nil>');
  else if (typeof value === 'string') {
    run.spend(stepsOfText(value.length));
    pieces.push(value);
  } else if (typeof value === 'number') pieces.push(value === 0 ? '0' : numberText(value));
  else if (typeof value === 'boolean') pieces.push(String(value));
  else if (isList(value)) {
    pieces.push('[');
    for (const [at, item] of value.entries()) {
      if (at > 0) pieces.push(' ');
      print(item, pieces, run, depth + 1);
    }
    pieces.push(']');
  } else {
    pieces.push('map[');
    for (const [at, name] of sortedNames(value, run).entries()) {
      pieces.push(at > 0 ? ' ' : '', name, ':');
      print(value[name] ?? null, pieces, run, depth + 1);
    }
    pieces.push(']');
  }
}
