import { parseNumber } from '../number.ts';
import { sameValue } from '../order.ts';
import { compareQuantities } from '../quantity.ts';
import type { Run } from '../run.ts';
import { isList, isObject, type Json } from '../value.ts';
import { asDurations, quantityOf } from './amounts.ts';
import type { Judge } from './judge.ts';
import { covers } from './match.ts';

/** Kyverno's Equals (pkg/engine/variables/operator/equal.go). */
export const equals: Judge = (key, value, run) => equal(key, value, run) === true;

/** Kyverno's NotEquals (notequal.go): values that cannot be compared are not equal. */
export const notEquals: Judge = (key, value, run) => equal(key, value, run) === false;

/** The key says how they are compared. `undefined`: it is null, which is neither equal to anything nor unequal. */
function equal(key: Json, value: Json, run: Run): boolean | undefined {
  run.spend(1);
  if (key === null) return undefined;
  if (typeof key === 'string') return textEquals(key, value, run);
  if (typeof key === 'number') return key === (typeof value === 'string' ? parseNumber(value, run) : value);
  if (typeof key === 'boolean') return key === value;
  const comparable = isList(key) ? isList(value) : isObject(value);
  return comparable && sameValue(key, value, run);
}

/** As durations if one of them is one, as quantities if the key is one, else as text that the value's pattern covers. */
function textEquals(key: string, value: Json, run: Run): boolean {
  const durations = asDurations(key, value, run);
  if (durations !== undefined) return durations[0] === durations[1];
  if (typeof value !== 'string') return false;
  const quantity = quantityOf(key, run);
  if (quantity === undefined) return covers(value, key, run);
  const wanted = quantityOf(value, run);
  return wanted !== undefined && compareQuantities(quantity, wanted) === 0;
}
