import { durationOfSeconds, durationSeconds, formatDuration, inDuration, parseDuration } from '../duration.ts';
import { ExpressionError } from '../error.ts';
import {
  addQuantities,
  approximateQuantity,
  digitsOfBoth,
  divideQuantities,
  formatQuantity,
  multiplyQuantities,
  parseQuantity,
  type Quantity,
  subtractQuantities,
} from '../quantity.ts';
import type { Run } from '../run.ts';
import type { Json } from '../value.ts';
import { listAt, numberAt, valueAt } from './arguments.ts';
import { finite } from './bounds.ts';
import type { ExpressionFunction } from './function.ts';
import { roundTo } from './round.ts';

type Operand =
  | { readonly is: 'number'; readonly number: number }
  | { readonly is: 'quantity'; readonly quantity: Quantity }
  | { readonly is: 'duration'; readonly nanoseconds: bigint };
type Operation = 'add' | 'sum' | 'subtract' | 'multiply' | 'divide' | 'modulo';
type Combine = (name: Operation, left: Operand, right: Operand) => Json;

/**
 * Kyverno's arithmetic of numbers, quantities (`1Gi`) and durations (`1h30m`). What is both, such as `1m` and `5`, is a quantity. A
 * result of 64 bits that does not fit is an error; Kyverno's begins anew from the other end.
 */
export const arithmeticFunctions: readonly ExpressionFunction[] = [
  ofTwo('add', add),
  ofTwo('subtract', subtract),
  ofTwo('multiply', multiply),
  ofTwo('divide', divide),
  ofTwo('modulo', modulo),
  { name: 'sum', takes: [['array']], call: (given, run) => sum(listAt(given, 0), run) },
  {
    name: 'round',
    takes: [['number'], ['number']],
    call: (given) => finite('round', roundTo(numberAt(given, 0), numberAt(given, 1))),
  },
];

function ofTwo(name: Operation, combine: Combine): ExpressionFunction {
  return {
    name,
    takes: [['any'], ['any']],
    call: (given, run) => combined(name, combine, valueAt(given, 0), valueAt(given, 1), run),
  };
}

function combined(name: Operation, combine: Combine, left: Json, right: Json, run: Run): Json {
  const [first, second] = [operand(name, left, run), operand(name, right, run)];
  run.spend(stepsOfDigits(first, second));
  return combine(name, first, second);
}

/** Beside a quantity numbers have few digits, whichever they are. */
const one: Quantity = { unscaled: 1n, exponent: 0, format: 'decimal' };

/** UTF-16 units of one, and digits of two, that are read and written in no time. */
const [fewCharacters, fewDigits] = [16, 40];

/** `1e990` and `1n` are short, and have a thousand digits together. */
function stepsOfDigits(...operands: readonly [Operand, Operand]): number {
  if (!operands.some(({ is }) => is === 'quantity')) return 0;
  const [left, right] = operands.map((each) => (each.is === 'quantity' ? each.quantity : one));
  return Math.ceil(Math.max(0, digitsOfBoth(left ?? one, right ?? one) - fewDigits) / 2);
}

/** Of a list of one that one, whatever it is, as Kyverno has it. */
function sum(list: readonly Json[], run: Run): Json {
  const [first, ...others] = list;
  if (first === undefined) throw new ExpressionError('sum() takes an array of one element at least');
  run.spend(list.length);
  return others.reduce<Json>((total, item) => combined('sum', add, total, item, run), first);
}

function operand(name: Operation, value: Json, run: Run): Operand {
  if (typeof value === 'number') return { is: 'number', number: value };
  if (typeof value === 'string') {
    // Most are short. A duration of many parts takes as much for each character as other texts take for many.
    run.spend(8 + Math.max(1, value.length - fewCharacters));
    const quantity = parseQuantity(value);
    if (quantity !== undefined) return { is: 'quantity', quantity };
    const nanoseconds = parseDuration(value);
    if (nanoseconds !== undefined) return { is: 'duration', nanoseconds };
  }
  throw new ExpressionError(`${name}() takes numbers, quantities and durations`);
}

function add(name: Operation, left: Operand, right: Operand): Json {
  if (left.is === 'number' && right.is === 'number') return finite(name, left.number + right.number);
  if (left.is === 'quantity' && right.is === 'quantity') {
    return formatQuantity(addQuantities(left.quantity, right.quantity));
  }
  if (left.is === 'duration' && right.is === 'duration') return written(name, left.nanoseconds + right.nanoseconds);
  throw mismatch(name, left, right);
}

function subtract(name: Operation, left: Operand, right: Operand): Json {
  if (left.is === 'number' && right.is === 'number') return finite(name, left.number - right.number);
  if (left.is === 'quantity' && right.is === 'quantity') {
    return formatQuantity(subtractQuantities(left.quantity, right.quantity));
  }
  if (left.is === 'duration' && right.is === 'duration') return written(name, left.nanoseconds - right.nanoseconds);
  throw mismatch(name, left, right);
}

function multiply(name: Operation, left: Operand, right: Operand): Json {
  if (right.is !== 'number') {
    if (left.is !== 'number') throw mismatch(name, left, right);
    return multiply(name, right, left);
  }
  if (left.is === 'number') return finite(name, left.number * right.number);
  if (left.is === 'quantity') return formatQuantity(multiplyQuantities(left.quantity, factor(name, right.number)));
  return ofSeconds(name, durationSeconds(left.nanoseconds) * right.number);
}

function divide(name: Operation, left: Operand, right: Operand): Json {
  if (left.is === 'quantity' && right.is === 'quantity') {
    return quotient(approximateQuantity(left.quantity), approximateQuantity(right.quantity));
  }
  if (left.is === 'duration' && right.is === 'duration') {
    return quotient(durationSeconds(left.nanoseconds), durationSeconds(right.nanoseconds));
  }
  if (right.is !== 'number') throw mismatch(name, left, right);
  if (left.is === 'number') return quotient(left.number, right.number);
  if (right.number === 0) throw zeroDivisor(name);
  if (left.is === 'quantity') return formatQuantity(divideQuantities(left.quantity, factor(name, right.number)));
  return ofSeconds(name, durationSeconds(left.nanoseconds) / right.number);
}

/** Of whole numbers of 64 bits; it has the sign of the dividend. */
function modulo(name: Operation, left: Operand, right: Operand): Json {
  if (left.is === 'number' && right.is === 'number') {
    return Number(remainder(wholeNumber(left.number), wholeNumber(right.number)));
  }
  if (left.is === 'quantity' && right.is === 'quantity') {
    const { format } = left.quantity;
    const dividend = wholeNumber(approximateQuantity(left.quantity));
    const unscaled = remainder(dividend, wholeNumber(approximateQuantity(right.quantity)));
    return formatQuantity({ unscaled, exponent: 0, format });
  }
  if (left.is === 'duration' && right.is === 'duration') {
    return written(name, remainder(left.nanoseconds, right.nanoseconds));
  }
  throw mismatch(name, left, right);
}

function quotient(dividend: number, divisor: number): number {
  if (divisor === 0) throw zeroDivisor('divide');
  return finite('divide', dividend / divisor);
}

function remainder(dividend: bigint, divisor: bigint): bigint {
  if (divisor === 0n) throw zeroDivisor('modulo');
  return dividend % divisor;
}

function wholeNumber(number: number): bigint {
  if (!Number.isInteger(number) || number < -(2 ** 63) || number >= 2 ** 63) {
    throw new ExpressionError('modulo() takes whole numbers of 64 bits');
  }
  return BigInt(number);
}

/**
 * A number as the quantity that Go's print of it is: from a million on it is written with an exponent, which says how many decimal places
 * a quotient has. What is smaller than nano is rounded up.
 */
function factor(name: Operation, number: number): Quantity {
  const quantity = parseQuantity(Math.abs(number) >= 1e6 ? number.toExponential() : String(number));
  if (quantity === undefined) throw new ExpressionError(`${name}() takes no ${number}`);
  return quantity;
}

function ofSeconds(name: Operation, seconds: number): string {
  const nanoseconds = durationOfSeconds(seconds);
  if (nanoseconds === undefined) throw tooLong(name);
  return formatDuration(nanoseconds);
}

function written(name: Operation, nanoseconds: bigint): string {
  if (!inDuration(nanoseconds)) throw tooLong(name);
  return formatDuration(nanoseconds);
}

function tooLong(name: Operation): ExpressionError {
  return new ExpressionError(`${name}() comes to a duration of over 292 years`);
}

function zeroDivisor(name: Operation): ExpressionError {
  return new ExpressionError(`${name}() takes no divisor of 0`);
}

function mismatch(name: Operation, left: Operand, right: Operand): ExpressionError {
  return new ExpressionError(`${name}() takes no ${left.is} with a ${right.is}`);
}
