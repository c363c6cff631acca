import { ExpressionError } from '../error.ts';
import { type Run, stepsOfText } from '../run.ts';

/** UTF-16 units of a text that a function makes. */
export const largestResult = 1024 * 1024;

/** Pays for reading texts once. */
export function spendText(run: Run, ...texts: readonly string[]): void {
  let steps = 1;
  for (const text of texts) steps += stepsOfText(text.length);
  run.spend(steps);
}

/** Pays for a text of so many UTF-16 units before it is made. Throws ExpressionError for one that is too long. */
export function spendResult(name: string, length: number, run: Run): void {
  checkResult(name, length);
  run.spend(stepsOfText(length));
}

/** The same for a text that is paid for piece by piece. */
export function checkResult(name: string, length: number): void {
  if (length > largestResult) {
    throw new ExpressionError(`${name}() would make a text of over ${largestResult} characters`);
  }
}

/** A number that JSON can hold. Throws ExpressionError for any other. */
export function finite(name: string, value: number): number {
  if (!Number.isFinite(value)) throw new ExpressionError(`${name}() comes to a number that JSON cannot hold`);
  return value;
}

/** A whole number as Go's int keeps it, what stands behind the point cut off. Throws ExpressionError for one of over 64 bits. */
export function toInteger(name: string, value: number): number {
  if (!(Math.abs(value) < 2 ** 63)) throw new ExpressionError(`${name}() takes numbers of 64 bits, not ${value}`);
  return Math.trunc(value);
}
