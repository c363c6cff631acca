import { ExpressionError } from '../error.ts';

/** A single is told from every other by nine significant digits. */
const mostDigits = 9;

/**
 * A number where a function takes text: as Kyverno prints it, which is with the fewest digits that tell a float of 32 bits from every
 * other, and without an exponent. So `16777217` is `16777216`. Throws ExpressionError for one that no such float is for.
 */
export function singleText(number: number): string {
  const single = Math.fround(number);
  if (!Number.isFinite(single)) throw new ExpressionError(`the number ${number} is too large to be written as text`);
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  for (let digits = 1; ; digits += 1) {
    const text = single.toExponential(digits - 1);
    if (digits === mostDigits || Math.fround(Number(text)) === single) return plain(text);
  }
}

/** `-1.25e-7` without its exponent. */
function plain(text: string): string {
  const [, sign = '', first = '', rest = '', exponent = ''] = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(text) ?? [];
  const digits = (first + rest).replace(/0+$/, '');
  const point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
