import { bestBy, sameValue, sortedBy } from '../order.ts';
import { type Run, stepsOfSearch } from '../run.ts';
import { isList, type Json } from '../value.ts';
import { listAt, valueAt } from './arguments.ts';
import { keysOf } from './elements.ts';
import type { ExpressionFunction } from './function.ts';

export const listFunctions: readonly ExpressionFunction[] = [
  {
    name: 'contains',
    takes: [['array', 'string'], ['any']],
    call: (given, run) => contains(valueAt(given, 0), valueAt(given, 1), run),
  },
  { name: 'reverse', takes: [['array', 'string']], call: (given, run) => reverse(valueAt(given, 0), run) },
  {
    name: 'sort',
    takes: [['array']],
    call: (given, run) => sortedBy(keysOf('sort', listAt(given, 0), run), (key) => key, run),
  },
  {
    name: 'max',
    takes: [['array']],
    call: (given, run) => bestBy(keysOf('max', listAt(given, 0), run), (key) => key, 1, run) ?? null,
  },
  {
    name: 'min',
    takes: [['array']],
    call: (given, run) => bestBy(keysOf('min', listAt(given, 0), run), (key) => key, -1, run) ?? null,
  },
];

/** Elements are compared as `==` does; Go's panics on lists and objects. */
function contains(within: Json, wanted: Json, run: Run): Json {
  if (isList(within)) return within.some((element) => sameValue(element, wanted, run));
  if (typeof within !== 'string' || typeof wanted !== 'string') return false;
  run.spend(stepsOfSearch(within.length, wanted.length));
  return within.includes(wanted);
}

/** Text by its code points. */
function reverse(value: Json, run: Run): Json {
  if (isList(value)) {
    run.spend(value.length);
    return value.toReversed();
  }
  const text = String(value);
  run.spend(4 * text.length);
  return Array.from(text).reverse().join('');
}
