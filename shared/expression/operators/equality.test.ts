import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { holds } from './table.ts';

const nested = JSON.parse('{"__proto__": {"a": [1, null]}, "b": "x"}');

test.each<[string, Json, Json]>([
  ['a number and the same one as text', 99, '99'],
  ['a number and text with a point', 99, '99.0'],
  ['a number and text with an exponent', 1000, '1e3'],
  ['whole numbers, whatever wrote them', 5, 5.0],
  ['a minute and sixty seconds', '1m', '60s'],
  ['a duration and the seconds that it has', '1h', 3600],
  ['a duration and seconds with a fraction, which is dropped', '1s', 1.9],
  ['quantities with different suffixes', '1Gi', '1024Mi'],
  ['quantities as numbers and thousandths', '1', '1000m'],
  ['text that the pattern covers', 'ghcr.io/acme/app', 'ghcr.io/*/a?p'],
  ['text of several lines', 'a\nb', 'a*b'],
  ['empty text', '', ''],
  ['text that any pattern covers', '', '*'],
  ['lists in order', [1, 'a', [null]], [1, 'a', [null]]],
  ['objects in another order', { a: 1, b: { c: [] } }, { b: { c: [] }, a: 1 }],
  ['a field named __proto__', nested, structuredClone(nested)],
])('equal: %s', (_, key, value) => {
  expect(holds('Equals', key, value, createRun(0))).toBe(true);
  expect(holds('NotEquals', key, value, createRun(0))).toBe(false);
});

test.each<[string, Json, Json]>([
  ['a number and text that only begins with it', 99, '99 bottles'],
  ['a number and its hexadecimal text', 16, '0x10'],
  ['a number and empty text', 0, ''],
  ['a number and true', 1, true],
  ['text and the number that it says', '5', 5],
  ['true and its text', true, 'true'],
  ['a duration and another text', '1m', 'soon'],
  ['a duration and seconds as text', '60s', '60'],
  ['a quantity and a pattern, which is no quantity', '15', '1*'],
  ['a pattern as the key', 'a*', 'abc'],
  ['text in another case', 'Critical', 'critical'],
  ['a text and a list of it', 'a', ['a']],
  ['a list and its only item', ['a'], 'a'],
  ['lists in another order', ['a', 'b'], ['b', 'a']],
  ['lists where one is longer', ['a'], ['a', 'a']],
  ['items of a list as patterns', ['abc'], ['a*']],
  ['an object and one with a field more', { a: 1 }, { a: 1, b: null }],
  ['an object and an empty list', {}, []],
  ['what objects inherit', { toString: null }, { valueOf: null }],
  ['a field named __proto__ and none', nested, { b: 'x' }],
  ['zero and null', 0, null],
  ['a version and one with another build', '1.2.3+a', '1.2.3+b'],
])('not equal: %s', (_, key, value) => {
  expect(holds('Equals', key, value, createRun(0))).toBe(false);
  expect(holds('NotEquals', key, value, createRun(0))).toBe(true);
});

test.each<[Json]>([[null], [0], [''], ['*'], [[]]])('null is neither equal to %j nor unequal', (value) => {
  expect(holds('Equals', null, value, createRun(0))).toBe(false);
  expect(holds('NotEquals', null, value, createRun(0))).toBe(false);
});
