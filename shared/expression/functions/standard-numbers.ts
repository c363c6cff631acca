import { ExpressionError } from '../error.ts';
import type { Json } from '../value.ts';
import { listAt, numberAt, valueAt } from './arguments.ts';
import { numbersOf } from './elements.ts';
import type { ExpressionFunction } from './function.ts';

export const numberFunctions: readonly ExpressionFunction[] = [
  { name: 'abs', takes: [['number']], call: (given) => Math.abs(numberAt(given, 0)) },
  { name: 'ceil', takes: [['number']], call: (given) => Math.ceil(numberAt(given, 0)) },
  { name: 'floor', takes: [['number']], call: (given) => Math.floor(numberAt(given, 0)) },
  { name: 'avg', takes: [['array']], call: (given, run) => average(numbersOf('avg', listAt(given, 0), run)) },
  { name: 'to_number', takes: [['any']], call: (given) => toNumber(valueAt(given, 0)) },
];

/** Of none there is none; Go's is NaN, which is over and under nothing, as null is. */
function average(numbers: readonly number[]): Json {
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((before, number) => before + number, 0);
  if (!Number.isFinite(sum)) throw new ExpressionError('avg() comes to a number larger than any that JSON can hold');
  return sum / numbers.length;
}

/** What Go's ParseFloat takes for a decimal number: a sign, no blanks, `_` between digits. */
const decimal = /^[+-]?(?=\.?\d)(?:\d+(?:_\d+)*)?(?:\.(?:\d+(?:_\d+)*)?)?(?:[eE][+-]?\d+(?:_\d+)*)?$/;
/** UTF-16 units of a text that is read as a number. */
const longestNumber = 1024;

/** Null where it is none. Go also reads `inf`, `nan` and `0x1p-2`, which no JSON has. */
function toNumber(value: Json): Json {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > longestNumber || !decimal.test(value)) return null;
  const number = Number(value.replaceAll('_', ''));
  return Number.isFinite(number) ? number : null;
}
