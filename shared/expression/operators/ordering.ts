import { parseNumber } from '../number.ts';
import { compareQuantities } from '../quantity.ts';
import type { Run } from '../run.ts';
import { compareSemver } from '../semver.ts';
import type { Json } from '../value.ts';
import { asDurations, durationOf, quantityOf, secondsOf, versionOf } from './amounts.ts';
import type { Judge } from './judge.ts';

/** Below 0: the key comes first; `undefined`: they cannot be compared, and no order holds between them. */
type Comparison = (key: Json, value: Json, run: Run) => number | undefined;
type Wanted = (order: number) => boolean;

const more: Wanted = (order) => order > 0;
const atLeast: Wanted = (order) => order >= 0;
const less: Wanted = (order) => order < 0;
const atMost: Wanted = (order) => order <= 0;

export const greaterThan = judge(compare, more);
export const greaterThanOrEquals = judge(compare, atLeast);
export const lessThan = judge(compare, less);
export const lessThanOrEquals = judge(compare, atMost);

export const durationGreaterThan = judge(compareDurations, more);
export const durationGreaterThanOrEquals = judge(compareDurations, atLeast);
export const durationLessThan = judge(compareDurations, less);
export const durationLessThanOrEquals = judge(compareDurations, atMost);

function judge(comparison: Comparison, wanted: Wanted): Judge {
  return (key, value, run) => {
    run.spend(1);
    const order = comparison(key, value, run);
    return order !== undefined && wanted(order);
  };
}

/** Kyverno's operators of order (pkg/engine/variables/operator/numeric.go): durations, quantities, numbers, versions, in this order. */
function compare(key: Json, value: Json, run: Run): number | undefined {
  if (typeof key === 'number') return compareNumber(key, value, run);
  if (typeof key !== 'string') return undefined;
  const durations = asDurations(key, value, run);
  if (durations !== undefined) return orderOf(...durations);
  const quantities = typeof value === 'string' ? pair(quantityOf(key, run), () => quantityOf(value, run)) : undefined;
  if (quantities !== undefined) return compareQuantities(...quantities);
  const number = parseNumber(key, run);
  // A number that is written as text is seconds beside a duration, as any number is.
  if (number !== undefined) return compareNumber(number, value, run);
  const versions = typeof value === 'string' ? pair(versionOf(key, run), () => versionOf(value, run)) : undefined;
  return versions === undefined ? undefined : compareSemver(...versions);
}

function compareNumber(key: number, value: Json, run: Run): number | undefined {
  if (typeof value === 'number') return orderOf(key, value);
  if (typeof value !== 'string') return undefined;
  const durations = asDurations(key, value, run);
  if (durations !== undefined) return orderOf(...durations);
  const number = parseNumber(value, run);
  return number === undefined ? undefined : orderOf(key, number);
}

/** Kyverno's deprecated operators of durations (duration.go), for which numbers are seconds. */
function compareDurations(key: Json, value: Json, run: Run): number | undefined {
  const durations = pair(anyDuration(key, run), () => anyDuration(value, run));
  return durations === undefined ? undefined : orderOf(...durations);
}

function anyDuration(value: Json, run: Run): bigint | undefined {
  return typeof value === 'string' ? durationOf(value, run) : secondsOf(value);
}

function pair<T>(first: T | undefined, other: () => T | undefined): readonly [T, T] | undefined {
  if (first === undefined) return undefined;
  const second = other();
  return second === undefined ? undefined : [first, second];
}

function orderOf<T extends number | bigint>(key: T, value: T): number {
  return key < value ? -1 : key > value ? 1 : 0;
}
