import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { holds } from './table.ts';

const plain = ['GreaterThanOrEquals', 'GreaterThan', 'LessThanOrEquals', 'LessThan'] as const;
const durations = [
  'DurationGreaterThanOrEquals',
  'DurationGreaterThan',
  'DurationLessThanOrEquals',
  'DurationLessThan',
] as const;

const held = (operators: typeof plain | typeof durations, key: Json, value: Json) =>
  operators.map((operator) => (holds(operator, key, value, createRun(0)) ? '+' : '.')).join('');

/** What holds of >=, >, <=, < where the key is less, equal, more, and where the two cannot be compared. */
const [less, equal, more, neither] = ['..++', '+.+.', '++..', '....'];

test.each<[string, Json, Json, string | undefined]>([
  ['numbers', 7.5, 8, less],
  ['a number and text', 8, '7.5', more],
  ['text and a number', '8', 8, equal],
  ['both as text', '9', '10', less],
  ['text with an exponent', '1e2', 100, equal],
  ['large numbers as text, exact', '9007199254740993', '9007199254740992', more],
  ['quantities', '512Mi', '1Gi', less],
  ['quantities, equal by their amount', '1024Ki', '1Mi', equal],
  ['a thousandth', '1m ', '1', neither],
  ['durations', '167h59m59s', '168h', less],
  ['durations, equal by their length', '90m', '1h30m', equal],
  ['a nanosecond in years', '87600h0m0.000000001s', '87600h', more],
  ['a duration and a number of seconds', '1h', 3599, more],
  ['a number of seconds and a duration', 61, '1m', more],
  ['a fraction of a second, which is dropped', 60.9, '1m', equal],
  ['seconds as text and a duration', '10', '5s', more],
  ['a duration and seconds as text', '5s', '10', neither],
  ['seconds that are longer than any duration', 1e10, '1h', more],
  ['seconds that nobody could count', 1e300, '1h', more],
  ['seconds without end', Number.POSITIVE_INFINITY, '1h', neither],
  ['versions', '1.10.0', '1.9.9', more],
  ['a prerelease', '1.2.3-rc.1', '1.2.3', less],
  ['parts of prereleases by their number', '1.2.3-rc.10', '1.2.3-rc.9', more],
  ['builds, which do not count', '1.2.3+a', '1.2.3+b', equal],
  ['a version with a v', 'v1.2.4', '1.2.3', neither],
  ['a version and a number', '1.2.3', 1, neither],
  ['a quantity and a number', '1Gi', 5, neither],
  ['words', 'b', 'a', neither],
  ['empty texts', '', '', neither],
  ['true and false', true, false, neither],
  ['null and zero', null, 0, neither],
  ['zero and null', 0, null, neither],
  ['lists', [2], [1], neither],
  ['a list and a number', [2], 1, neither],
  ['objects', { a: 2 }, { a: 1 }, neither],
])('order of %s', (_, key, value, expected) => {
  expect(held(plain, key, value)).toBe(expected);
});

test.each<[string, Json, Json, string | undefined]>([
  ['durations', '1h', '61m', less],
  ['numbers of seconds', 60, 59, more],
  ['numbers of seconds, without their fractions', 1.9, 1.1, equal],
  ['a number of seconds and a duration', 3600, '1h', equal],
  ['a duration and a number of seconds', '1m', 61, less],
  ['zero without a unit', '0', -1, more],
  ['seconds as text, which are no duration', '60', '1m', neither],
  ['quantities', '1Gi', '1Mi', neither],
  ['seconds that are longer than any duration', 1e19, 5, more],
  ['null', null, '1h', neither],
  ['true', '1h', true, neither],
  ['a list', ['1h'], '1m', neither],
])('order of durations: %s', (_, key, value, expected) => {
  expect(held(durations, key, value)).toBe(expected);
});
