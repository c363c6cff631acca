import { cpuOf } from '../../../test/fixtures/cpu.ts';
import { ExpressionTooCostly } from '../error.ts';
import type { Operator } from '../operators.ts';
import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { holds } from './table.ts';

const letters = (length: number, letter = 'a') => letter.repeat(length);
const list = (length: number, make: (at: number) => Json) => Array.from({ length }, (_, at) => make(at));

/** A value that holds itself twice in each of 60 levels: small in memory, and without end as text. */
const doubled = list(60, () => null).reduce<Json>((inner) => [inner, inner], 'x');

/** CPU milliseconds: far over what the steps of a run take. */
const mostCpu = 1000;

test.each<[string, Operator, Json, Json]>([
  ['a text and a pattern of question marks', 'Equals', letters(100_000), `${letters(2000, '?')}*b`],
  ['a text of one letter and a pattern that nearly covers it', 'AnyIn', letters(100_000), [`*${letters(2000)}?b`]],
  ['the same without question marks', 'AnyIn', letters(1_000_000), [`*${letters(2000)}b${letters(2000)}*`]],
  ['patterns on both sides', 'AnyIn', list(5000, (at) => `*a${at}*`), list(5000, (at) => `b*${at}*c`)],
  ['patterns on both sides, of none', 'AllNotIn', list(5000, (at) => `?a${at}*`), list(5000, (at) => `b?${at}*c`)],
  ['a pattern of megabytes', 'Equals', 'team-a', '*a'.repeat(1_250_000)],
  ['a pattern of megabytes in a list', 'AnyIn', ['*a'.repeat(1_250_000)], ['team-a', 'team-b']],
  ['lists of long texts', 'AllNotIn', list(9000, (at) => letters(9000) + at), list(9000, (at) => letters(9000) + at)],
  ['long lists', 'NotIn', list(900_000, String), list(900_000, String)],
  ['a range and durations of many parts', 'AllIn', list(100_000, () => '0h'.repeat(128)), '0h-1h'],
  ['a range and quantities of many digits', 'AllIn', list(100_000, () => letters(256, '9')), '0-1E'],
  ['JSON that is nested without end', 'AnyIn', 'x', '['.repeat(8_000_000)],
  ['a JSON list without end', 'AnyIn', ['x', 'y'], `[${'"a",'.repeat(1_000_000)}"b"]`],
  ['a value that doubles, as text', 'AnyIn', [doubled], ['a']],
  ['a value that doubles, compared', 'Equals', doubled, doubled],
  ['names of an object', 'AnyIn', [Object.fromEntries(list(500_000, (at) => [`k${at}`, at]) as [string, Json][])], []],
])('%s ends within what a run may cost', (_, operator, key, value) => {
  const cpu = cpuOf(() => {
    expect(() => holds(operator, key, value, createRun(0))).toThrow(ExpressionTooCostly);
  });
  expect(cpu).toBeLessThan(mostCpu);
});

test.each<[string, Operator, Json, Json, boolean]>([
  ['a duration of many parts', 'GreaterThan', '1h'.repeat(500_000), '1h', false],
  ['a number of many digits', 'GreaterThan', letters(100_000, '9'), 1, false],
  ['a quantity far beyond all others', 'GreaterThan', '1e2000000000', '1', true],
  ['a quantity next to nothing', 'LessThan', '1e-2000000000', '1', true],
  ['a version of many parts', 'GreaterThan', `1.2.3-${'1.'.repeat(100_000)}1`, '1.2.3', false],
  [
    'thousands of words in a dozen',
    'AnyIn',
    list(20_000, (at) => `CVE-2026-${at}`),
    list(12, (at) => `GHSA-${at}`),
    false,
  ],
  [
    'thousands of words under a dozen patterns',
    'AllIn',
    list(3000, (at) => `pkg:npm/a@${at}`),
    ['pkg:go/*', 'pkg:npm/*'],
    true,
  ],
  ['a long pattern', 'Equals', letters(50), '*a'.repeat(20_000), false],
  [
    'thousands of packages with qualifiers, where a question mark stands',
    'AnyIn',
    list(4000, (at) => `pkg:maven/org.example.group/artifact-${at}@1.2.3?type=jar&classifier=sources`),
    ['pkg:npm/*', 'pkg:pypi/*'],
    false,
  ],
  ['a longer list than the other', 'AnyNotIn', ['x'], list(50_000, (at) => `a${at}`), true],
])('%s is judged', (_, operator, key, value, expected) => {
  expect(holds(operator, key, value, createRun(0))).toBe(expected);
});

test('a value that is nested too deep is no value to compare', () => {
  let deep: Json = 'x';
  for (let level = 0; level < 200; level++) deep = [deep];
  expect(() => holds('Equals', [deep], [structuredClone(deep)], createRun(0))).toThrow('deep');
  expect(() => holds('AnyIn', [deep], ['x'], createRun(0))).toThrow('deep');
});
