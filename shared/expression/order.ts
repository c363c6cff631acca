import { ExpressionError } from './error.ts';
import { type Run, stepsOfText } from './run.ts';
import { fieldOf, isList, isObject, type Json, type JsonObject, largestDepth } from './value.ts';

/** By code points, as Go's order of UTF-8 is: below 0, 0 or above. */
export function compareText(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (one !== other) return place(one) - place(other);
  }
  return left.length - right.length;
}

/** Surrogates stand for what is above all that one UTF-16 unit can say. */
function place(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** What lists are put in order by: all numbers, or all texts. */
export type Key = number | string;

/** Numbers by their size, texts by their code points: below 0, 0 or above. */
export function compareKeys(left: Key, right: Key): number {
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  return left === right ? 0 : left < right ? -1 : 1;
}

/** The keys, or what has them, in order; equal ones stay as they are. */
export function sortedBy<T>(list: readonly T[], keyOf: (element: T) => Key, run: Run): T[] {
  run.spend(stepsOfKeys(list.map(keyOf)) * rounds(list));
  return list.toSorted((one, other) => compareKeys(keyOf(one), keyOf(other)));
}

/** The first of those that are over (`sign` 1) or under (-1) all others; `undefined`: there are none. */
export function bestBy<T>(list: readonly T[], keyOf: (element: T) => Key, sign: 1 | -1, run: Run): T | undefined {
  run.spend(stepsOfKeys(list.map(keyOf)));
  let [best] = list;
  for (const element of list) {
    if (best !== undefined && sign * compareKeys(keyOf(element), keyOf(best)) > 0) best = element;
  }
  return best;
}

/** How often sorting looks at each of a list. */
function rounds(list: readonly unknown[]): number {
  return Math.ceil(Math.log2(list.length + 1));
}

function stepsOfKeys(keys: readonly Key[]): number {
  return keys.reduce<number>(
    (steps, key) => steps + 1 + (typeof key === 'string' ? 2 * stepsOfText(key.length) : 0),
    0,
  );
}

/** Where the order of UTF-16 units is not that of code points. */
const manyUnits = /[\ud800-\uffff]/;

/** An object's fields in the order of their names, so that an answer is the same every time; Go's has no order. */
export function sortedNames(object: JsonObject, run: Run): string[] {
  const names = namesOf(object, run);
  if (names.some((name) => manyUnits.test(name))) return sortedBy(names, (name) => name, run);
  // Sorted where they are, by the engine itself: several comparisons in a step.
  run.spend(Math.ceil((stepsOfKeys(names) * rounds(names)) / 4));
  return names.sort();
}

/** Fields of an object which the engine keeps in another way than those of most. */
export const manyFields = 1000;

/** The names of an object's fields. How many there are the engine tells by listing them: what is parsed has bounds for that. */
export function namesOf(object: JsonObject, run: Run): string[] {
  const names = Object.keys(object);
  run.spend(names.length > manyFields ? 4 * names.length : names.length);
  return names;
}

/** Whether they are the same value, objects whatever the order of their fields. Throws ExpressionError. */
export function sameValue(left: Json, right: Json, run: Run, depth = 0): boolean {
  run.spend(1);
  if (typeof left === 'string' && typeof right === 'string') {
    run.spend(stepsOfText(Math.min(left.length, right.length)));
    return left === right;
  }
  if (depth > largestDepth) throw new ExpressionError(`a value nested over ${largestDepth} deep is compared`);
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    return left.every((item, at) => sameValue(item, right[at] ?? null, run, depth + 1));
  }
  if (isObject(left)) {
    if (!isObject(right)) return false;
    const names = namesOf(left, run);
    if (names.length !== namesOf(right, run).length) return false;
    return names.every((name) => {
      const other = fieldOf(right, name);
      return other !== undefined && sameValue(left[name] ?? null, other, run, depth + 1);
    });
  }
  return left === right;
}
