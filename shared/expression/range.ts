import { durationOf, quantityOf } from './operators/amounts.ts';
import { compareQuantities, type Quantity } from './quantity.ts';
import type { Run } from './run.ts';

/** A range as Kyverno writes it (`1-10`, `512Mi-1Gi`, `1h-2h`), both ends within it. */
export interface Range {
  contains(text: string): boolean;
  /** Whether it is an amount beyond either end. What is no amount is neither in the range nor outside of it. */
  excludes(text: string): boolean;
}

/** Two amounts with signs, fractions and units of letters. */
const grammar = /^([-+]?\d+(?:\.\d+)?[A-Za-z]*)-([-+]?\d+(?:\.\d+)?[A-Za-z]*)$/;
/** UTF-16 units of a range. */
const longestRange = 512;

/** What a text may be compared as: `1m` is a minute, and a thousandth as well. */
interface Amount {
  readonly duration: bigint | undefined;
  readonly quantity: Quantity | undefined;
}

/** Reads a range; `undefined`: the text is none. (pkg/engine/operator and pkg/engine/pattern have its rules.) */
export function parseRange(text: string, run: Run): Range | undefined {
  const ends = text.length > longestRange ? null : grammar.exec(text);
  if (ends === null) return undefined;
  const [, first = '', last = ''] = ends;
  const [low, high] = [amountOf(first, run), amountOf(last, run)];
  return {
    contains(key) {
      if (key === text) return true;
      const amount = amountOf(key, run);
      return holds(compare(amount, low), 0, 1) && holds(compare(amount, high), -1, 0);
    },
    excludes(key) {
      const amount = amountOf(key, run);
      return holds(compare(amount, low), -1) || holds(compare(amount, high), 1);
    },
  };
}

function amountOf(text: string, run: Run): Amount {
  return { duration: durationOf(text, run), quantity: quantityOf(text, run) };
}

/** As durations if both are durations, else as quantities; `undefined`: they cannot be compared. */
function compare(one: Amount, other: Amount): -1 | 0 | 1 | undefined {
  if (one.duration !== undefined && other.duration !== undefined) {
    return one.duration < other.duration ? -1 : one.duration > other.duration ? 1 : 0;
  }
  if (one.quantity === undefined || other.quantity === undefined) return undefined;
  return compareQuantities(one.quantity, other.quantity);
}

function holds(order: -1 | 0 | 1 | undefined, ...wanted: readonly (-1 | 0 | 1)[]): boolean {
  return order !== undefined && wanted.includes(order);
}
