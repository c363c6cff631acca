import type { Run } from './run.ts';

/** What Go's ParseFloat takes for a decimal number: a sign, no blanks, `_` between digits. */
const decimal = /^[+-]?(?=\.?\d)(?:\d+(?:_\d+)*)?(?:\.(?:\d+(?:_\d+)*)?)?(?:[eE][+-]?\d+(?:_\d+)*)?$/;
/** UTF-16 units of a text that is read as a number. */
const longestNumber = 1024;

/** A number that is written as text; `undefined` for what is none. Go also reads `inf`, `nan` and `0x1p-2`, which no JSON has. */
export function parseNumber(text: string, run: Run): number | undefined {
  if (text.length > longestNumber) return undefined;
  run.spend(Math.ceil(text.length / 2));
  if (!decimal.test(text)) return undefined;
  const number = Number(text.replaceAll('_', ''));
  return Number.isFinite(number) ? number : undefined;
}
