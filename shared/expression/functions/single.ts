import { ExpressionError } from '../error.ts';
import type { Run } from '../run.ts';

/** A single is told from every other by nine significant digits. */
const mostDigits = 9;
/** Below it every whole number is a single of its own. */
const wholeNumbers = 2 ** 24;
/** What finding the digits of any other takes: some of them a round for each, with many digits. */
const stepsOfDigits = 16;
const stepsOfRound = 4;

/**
 * A number where a function takes text: as Kyverno prints it, which is with the fewest digits that tell a float of 32 bits from every
 * other, and without an exponent. So `16777217` is `16777216`. Throws ExpressionError for one that no such float is for.
 */
export function singleText(number: number, run: Run): string {
  run.spend(1);
  const single = Math.fround(number);
  if (!Number.isFinite(single)) throw new ExpressionError(`the number ${number} is too large to be written as text`);
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  const size = Math.abs(single);
  if (Number.isInteger(size) && size < wholeNumbers) return String(single);
  const sign = single < 0 ? '-' : '';
  run.spend(stepsOfDigits);
  const exact = exactly(size);
  for (let digits = 1; digits < mostDigits; digits += 1) {
    run.spend(stepsOfRound);
    const nearest = rounded(exact, digits);
    // Below a power of two floats stand closer than above it: there the nearest may be another's, and the one above it not.
    const found = [nearest, { ...nearest, digits: nearest.digits + 1 }].find((each) => singleOf(each) === size);
    if (found !== undefined) return sign + plain(found);
  }
  return sign + plain(rounded(exact, mostDigits));
}

/** `digits` × 10^`exponent`. */
interface Decimal {
  readonly digits: number;
  readonly exponent: number;
}

/** All digits of a float, the first one before the point. */
interface Exact {
  readonly digits: string;
  readonly power: number;
}

function exactly(size: number): Exact {
  const [digits = '', power] = size.toExponential(100).replace('.', '').split('e');
  return { digits, power: Number(power) };
}

/** The nearest with so many digits; where two are as near, the even one. JavaScript takes the larger one. */
function rounded(exact: Exact, digits: number): Decimal {
  const kept = Number(exact.digits.slice(0, digits));
  const rest = exact.digits.slice(digits);
  const up = /^50*$/.test(rest) ? kept % 2 === 1 : rest >= '5';
  return { digits: kept + (up ? 1 : 0), exponent: exact.power - digits + 1 };
}

function singleOf({ digits, exponent }: Decimal): number {
  return Math.fround(Number(`${digits}e${exponent}`));
}

/** Without its exponent. */
function plain({ digits, exponent }: Decimal): string {
  const written = String(digits).replace(/0+$/, '');
  const point = String(digits).length + exponent;
  if (point <= 0) return `0.${'0'.repeat(-point)}${written}`;
  if (point >= written.length) return written.padEnd(point, '0');
  return `${written.slice(0, point)}.${written.slice(point)}`;
}
