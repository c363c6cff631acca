import { ExpressionError } from '../error.ts';

/** To so many decimal places, halves away from 0, with the rounding of Go's floating point on the way. Throws ExpressionError. */
export function roundTo(number: number, places: number): number {
  if (!Number.isInteger(places) || places < 0) {
    throw new ExpressionError(`round() takes a whole number of decimal places, not ${places}`);
  }
  const shift = powerOfTen(places);
  return roundHalfAway(number * shift) / shift;
}

function roundHalfAway(number: number): number {
  const whole = Math.trunc(number);
  if (Math.abs(number - whole) < 0.5) return whole;
  return whole + Math.sign(number);
}

/**
 * As Go's math.Pow works it out, by squaring 10/16 and shifting; JavaScript's own differs in the last bit now and then. Over 10^308 it is
 * infinite.
 */
function powerOfTen(power: number): number {
  if (power > 308) return Number.POSITIVE_INFINITY;
  let result = 1;
  let shift = 0;
  let square = 0.625;
  let squareShift = 4;
  for (let left = power; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) {
      result *= square;
      shift += squareShift;
    }
    square *= square;
    squareShift *= 2;
    if (square < 0.5) {
      square *= 2;
      squareShift -= 1;
    }
  }
  // In two steps: 2^shift alone may be infinite where the product is not.
  return result * 2 ** Math.floor(shift / 2) * 2 ** Math.ceil(shift / 2);
}
