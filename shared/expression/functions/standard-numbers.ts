import { ExpressionError } from '../error.ts';
import { parseNumber } from '../number.ts';
import type { Run } from '../run.ts';
import type { Json } from '../value.ts';
import { listAt, numberAt, valueAt } from './arguments.ts';
import { numbersOf } from './elements.ts';
import type { ExpressionFunction } from './function.ts';

export const numberFunctions: readonly ExpressionFunction[] = [
  { name: 'abs', takes: [['number']], call: (given) => Math.abs(numberAt(given, 0)) },
  { name: 'ceil', takes: [['number']], call: (given) => Math.ceil(numberAt(given, 0)) },
  { name: 'floor', takes: [['number']], call: (given) => Math.floor(numberAt(given, 0)) },
  { name: 'avg', takes: [['array']], call: (given, run) => average(numbersOf('avg', listAt(given, 0), run)) },
  { name: 'to_number', takes: [['any']], call: (given, run) => toNumber(valueAt(given, 0), run) },
];

/** Of none there is none; Go's is NaN, which is over and under nothing, as null is. */
function average(numbers: readonly number[]): Json {
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((before, number) => before + number, 0);
  if (!Number.isFinite(sum)) throw new ExpressionError('avg() comes to a number larger than any that JSON can hold');
  return sum / numbers.length;
}

/** Null where it is none. */
function toNumber(value: Json, run: Run): Json {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? (parseNumber(value, run) ?? null) : null;
}
