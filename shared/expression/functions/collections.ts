import { ExpressionError } from '../error.ts';
import { sortedNames } from '../order.ts';
import type { Run } from '../run.ts';
import { emptyObject, fieldOf, isList, isObject, type Json } from '../value.ts';
import { listAt, textAt, valueAt } from './arguments.ts';
import { spendText, toInteger } from './bounds.ts';
import type { ExpressionFunction } from './function.ts';
import { singleText } from './single.ts';

export const collectionFunctions: readonly ExpressionFunction[] = [
  {
    name: 'lookup',
    takes: [
      ['object', 'array'],
      ['string', 'number'],
    ],
    call: (given) => lookup(valueAt(given, 0), valueAt(given, 1)),
  },
  {
    name: 'items',
    takes: [['object', 'array'], ['string'], ['string']],
    call: (given, run) => items(valueAt(given, 0), textAt(given, 1), textAt(given, 2), run),
  },
  {
    name: 'object_from_lists',
    takes: [['array'], ['array']],
    call: (given, run) => objectFromLists(listAt(given, 0), listAt(given, 1), run),
  },
];

/** A field of an object, an element of an array, from 0; null where there is none. */
function lookup(within: Json, key: Json): Json {
  if (isList(within)) {
    if (typeof key !== 'number') throw new ExpressionError('lookup() takes a number to find in an array');
    if (toInteger('lookup', key) !== key) {
      throw new ExpressionError(`lookup() takes a whole number to find in an array, not ${key}`);
    }
    return within[key] ?? null;
  }
  if (typeof key !== 'string') throw new ExpressionError('lookup() takes a string to find in an object');
  return isObject(within) ? (fieldOf(within, key) ?? null) : null;
}

/** Each field or element as an object of its name or place, and its value. Fields in the order of their names. */
function items(within: Json, keyName: string, valueName: string, run: Run): Json {
  if (isList(within)) {
    run.spend(3 * within.length);
    return within.map((value, at) => item(keyName, at, valueName, value));
  }
  if (!isObject(within)) return [];
  const names = sortedNames(within, run);
  run.spend(3 * names.length);
  return names.map((name) => item(keyName, name, valueName, within[name] ?? null));
}

/** Where both have one name, it is the value's. */
function item(keyName: string, key: string | number, valueName: string, value: Json): Json {
  const made = emptyObject();
  made[keyName] = key;
  made[valueName] = value;
  return made;
}

/** Values that are missing are null, those that are left over are left out; of equal names the last one counts. */
function objectFromLists(names: readonly Json[], values: readonly Json[], run: Run): Json {
  run.spend(12 * names.length);
  const made = emptyObject();
  for (const [at, name] of names.entries()) {
    const text = nameOf(name, run);
    spendText(run, text);
    made[text] = values[at] ?? null;
  }
  return made;
}

function nameOf(value: Json, run: Run): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return singleText(value, run);
  if (typeof value === 'boolean') return String(value);
  throw new ExpressionError('object_from_lists() takes names that are strings, numbers and booleans');
}
