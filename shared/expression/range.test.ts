import { parseRange } from './range.ts';
import { createRun } from './run.ts';

const run = createRun(0);

test.each<[string, string, boolean, boolean]>([
  ['1-10', '1', true, false],
  ['1-10', '10', true, false],
  ['1-10', '10.5', false, true],
  ['1-10', '0', false, true],
  ['1-10', 'ten', false, false],
  ['1-10', '1-10', true, false],
  ['-10--5', '-7', true, false],
  ['-10--5', '-4', false, true],
  ['+1-+5', '3', true, false],
  ['1Mi-1Gi', '2Gi', false, true],
  ['1h-2h', '90m', true, false],
  ['1h-2h', '5', false, false],
  ['1m-10m', '5m', true, false],
  ['1m-10m', '5', false, true],
  ['0-10', '1h', false, false],
  ['10-1', '5', false, true],
])('of %s: %s', (text, key, contains, excludes) => {
  const range = parseRange(text, run);
  expect([range?.contains(key), range?.excludes(key)]).toEqual([contains, excludes]);
});

test.each(['', '-', '5', '-5', '1-', '1 - 10', '1-10-20', '1!-10', 'a-b', '1.2.3-1.2.4', '|1-10', '1h30m-2h', '1e3-5'])(
  '%j is no range',
  (text) => {
    expect(parseRange(text, run)).toBeUndefined();
  },
);

test('a range of more characters than anybody writes is none', () => {
  expect(parseRange(`0-${'9'.repeat(200)}`, run)).toBeDefined();
  expect(parseRange(`0-${'9'.repeat(600)}`, run)).toBeUndefined();
});
