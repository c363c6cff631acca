import { namesOf, sortedNames } from '../order.ts';
import { type Run, stepsOfText } from '../run.ts';
import { emptyObject, isList, isObject, type Json } from '../value.ts';
import { objectAt, valueAt } from './arguments.ts';
import { typeOf } from './call.ts';
import type { ExpressionFunction } from './function.ts';

export const valueFunctions: readonly ExpressionFunction[] = [
  { name: 'length', takes: [['string', 'array', 'object']], call: (given, run) => length(valueAt(given, 0), run) },
  { name: 'keys', takes: [['object']], call: (given, run) => sortedNames(objectAt(given, 0), run) },
  {
    name: 'values',
    takes: [['object']],
    call: (given, run) => {
      const object = objectAt(given, 0);
      return sortedNames(object, run).map((name) => object[name] ?? null);
    },
  },
  { name: 'merge', takes: [['object']], variadic: true, call: merge },
  {
    name: 'not_null',
    takes: [['any']],
    variadic: true,
    call: (given) => given.find((value) => value !== null) ?? null,
  },
  {
    name: 'to_array',
    takes: [['any']],
    call: (given) => {
      const value = valueAt(given, 0);
      return isList(value) ? value : [value];
    },
  },
  { name: 'type', takes: [['any']], call: (given) => typeOf(valueAt(given, 0)) },
];

/** Of text the code points. */
function length(value: Json, run: Run): Json {
  if (isList(value)) return value.length;
  if (isObject(value)) return namesOf(value, run).length;
  const text = String(value);
  run.spend(4 * stepsOfText(text.length));
  let pairs = 0;
  for (let at = 1; at < text.length; at++) {
    if (isBetween(text.charCodeAt(at - 1), 0xd800, 0xdbff) && isBetween(text.charCodeAt(at), 0xdc00, 0xdfff))
      pairs += 1;
  }
  return text.length - pairs;
}

function isBetween(unit: number, lowest: number, highest: number): boolean {
  return unit >= lowest && unit <= highest;
}

/** The last of a name holds, fields as a whole. */
function merge(given: readonly Json[], run: Run): Json {
  const merged = emptyObject();
  for (const at of given.keys()) {
    const object = objectAt(given, at);
    for (const name of namesOf(object, run)) merged[name] = object[name] ?? null;
  }
  return merged;
}
