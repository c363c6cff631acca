import { parseDuration } from '../duration.ts';
import { digitsOf, parseQuantity, type Quantity } from '../quantity.ts';
import type { Run } from '../run.ts';
import { parseSemver, type SemanticVersion } from '../semver.ts';
import type { Json } from '../value.ts';

/** UTF-16 units of a text that may be an amount or a version: far over what any is written with. */
const longestAmount = 256;
const second = 1_000_000_000n;

/** Nanoseconds of a text; `undefined` for what is no duration. */
export function durationOf(text: string, run: Run): bigint | undefined {
  return isShort(text, run) ? parseDuration(text) : undefined;
}

export function quantityOf(text: string, run: Run): Quantity | undefined {
  const quantity = isShort(text, run) ? parseQuantity(text) : undefined;
  // `1e3000` is short; it is compared with others digit by digit.
  if (quantity !== undefined) run.spend(Math.ceil(digitsOf(quantity) / 2));
  return quantity;
}

export function versionOf(text: string, run: Run): SemanticVersion | undefined {
  return isShort(text, run) ? parseSemver(text) : undefined;
}

/**
 * Nanoseconds of both, if one of them at least is written as a duration: a number beside it is seconds. `0` alone is a number that is
 * written as text, and no duration.
 */
export function asDurations(key: Json, value: Json, run: Run): readonly [bigint, bigint] | undefined {
  const left = written(key, run);
  const right = written(value, run);
  if (left === undefined && right === undefined) return undefined;
  const first = left ?? secondsOf(key);
  const other = right ?? secondsOf(value);
  return first === undefined || other === undefined ? undefined : [first, other];
}

/** Nanoseconds of a number of seconds; what stands behind the point is dropped, as Kyverno drops it. */
export function secondsOf(value: Json): bigint | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? BigInt(Math.trunc(value)) * second : undefined;
}

function written(value: Json, run: Run): bigint | undefined {
  return typeof value === 'string' && value !== '0' ? durationOf(value, run) : undefined;
}

/** Reading one takes more for each character than reading text does. */
function isShort(text: string, run: Run): boolean {
  run.spend(1);
  if (text.length > longestAmount) return false;
  run.spend(text.length);
  return true;
}
