import { parseNumber } from './number.ts';
import { createRun } from './run.ts';

test.each<[string, number]>([
  ['5', 5],
  ['-5.5', -5.5],
  ['+5', 5],
  ['.5', 0.5],
  ['5.', 5],
  ['007', 7],
  ['1e3', 1000],
  ['1E-3', 0.001],
  ['1_000', 1000],
  ['1e-999', 0],
])('%j is %j', (text, number) => {
  expect(parseNumber(text, createRun(0))).toBe(number);
});

test.each([
  '',
  ' 5',
  '5 ',
  '.',
  '-',
  'e5',
  '1e',
  '1__0',
  '_1',
  '1_',
  '0x10',
  'inf',
  'NaN',
  '1e999',
  '٣',
  '1'.repeat(2000),
])('%j is no number', (text) => {
  expect(parseNumber(text, createRun(0))).toBeUndefined();
});
