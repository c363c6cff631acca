import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { holds } from './table.ts';

const operators = ['AnyIn', 'AllIn', 'AnyNotIn', 'AllNotIn'] as const;

/** What holds of AnyIn, AllIn, AnyNotIn, AllNotIn. */
const held = (key: Json, value: Json) =>
  operators.map((operator) => (holds(operator, key, value, createRun(0)) ? '+' : '.')).join('');

const [inside, outside, some, neither] = ['++..', '..++', '+.+.', '....'];

test.each<[string, Json, Json, string | undefined]>([
  ['in a list', 'High', ['Critical', 'High'], inside],
  ['not in a list', 'Low', ['Critical', 'High'], outside],
  ['in another case', 'high', ['High'], outside],
  ['in an empty list', 'a', [], outside],
  ['empty text in a list without it', '', ['a'], outside],
  ['under a pattern of the list', 'kube-system', ['default', 'kube-*'], inside],
  ['a pattern that covers an item', 'kube-*', ['default', 'kube-system'], inside],
  ['a pattern that covers the text', 'kube-*', 'kube-system', outside],
  ['under a pattern that is the value', 'kube-system', 'kube-?ystem', inside],
  ['in a list that is written as JSON', 'a', '["a", "b"]', inside],
  ['not in a list that is written as JSON', 'c', '["a", "b"]', outside],
  ['under a pattern of a list that is written as JSON', 'abc', '["a*"]', outside],
  ['null in a list that is written as JSON is an empty text', '', '["a", null]', inside],
  ['null as JSON is an empty list', 'a', 'null', outside],
  ['other JSON', 'a', '{"a": 1}', neither],
  ['a JSON list of other than strings', '1', '[1]', neither],
  ['a number that is written as text', '6', '5', neither],
  ['a number in a list of numbers', 5, [4, 5], inside],
  ['a number in a list of texts', 5, ['4', '5'], inside],
  ['a text in a list of numbers', '5', [4, 5], inside],
  ['a million in a list of numbers', 1_000_000, [1_000_000], inside],
  ['a million in a list of texts', 1_000_000, ['1000000'], inside],
  ['a small number', 0.000001, ['0.000001'], inside],
  ['true in a list', true, [true], inside],
  ['true in a list of texts', true, ['true'], inside],
  ['null in the list, as Go prints it', '<nil>', [null], inside],
  ['a list in the list, as Go prints it', '[a b]', [['a', 'b']], inside],
  ['an object in the list, as Go prints it', 'map[a:1 b:map[]]', [{ b: {}, a: 1 }], inside],
  ['a number in a number', 5, 5, neither],
  ['true in true', true, true, neither],
  ['null', null, [null], neither],
  ['in null', 'a', null, neither],
  ['an object', { a: 1 }, [{ a: 1 }], neither],
  ['in an object', 'a', { a: 'a' }, neither],
])('%s', (_, key, value, expected) => {
  expect(held(key, value)).toBe(expected);
});

test.each<[string, Json, Json, string | undefined]>([
  ['all in a list', ['a', 'b'], ['c', 'b', 'a'], inside],
  ['some in a list', ['a', 'x'], ['a', 'b'], some],
  ['none in a list', ['x', 'y'], ['a', 'b'], outside],
  ['none of any, as all of them', [], ['a'], '.+.+'],
  ['numbers and texts', [1, '2'], ['1', 2], inside],
  ['under patterns of the list', ['kube-system', 'kube-public'], ['kube-*'], inside],
  ['patterns that cover items', ['kube-*', 'x'], ['kube-system'], some],
  ['null and lists, as Go prints them', [null, ['a']], ['<nil>', '[a]'], inside],
  ['in a text', ['a'], 'a', inside],
  ['some in a text', ['a', 'b'], 'a', some],
  ['under a pattern that is the value', ['kube-system', 'default'], 'kube-*', some],
  ['in a list that is written as JSON, with its patterns', ['abc', 'x'], '["a*", "b"]', some],
  ['one that is the JSON itself', ['["b"]'], '["b"]', inside],
  ['in null as JSON', ['a'], 'null', outside],
  ['in other JSON', ['a', 'b'], '{}', neither],
  ['in a number', [1, 2], 2, '+.+.'],
  ['not in a number', [1], 2, '..+.'],
  ['in true', [true], true, '+...'],
  ['in null', ['a'], null, neither],
  ['in an object', ['a'], { a: 1 }, neither],
])('a list of keys: %s', (_, key, value, expected) => {
  expect(held(key, value)).toBe(expected);
});

test.each<[string, Json, Json, string | undefined]>([
  ['a number within', 5, '1-10', inside],
  ['the ends', ['1', '10'], '1-10', inside],
  ['a number outside', 11, '1-10', outside],
  ['some outside', [5, 11], '1-10', some],
  ['all outside', [0, 11], '1-10', outside],
  ['a number below zero', [-3, 3], '-5-10', inside],
  ['a number under the lower end below zero', [-6], '-5-10', outside],
  ['both ends below zero', [-7, -3], '-10--5', some],
  ['fractions', ['1.5', '3.6'], '1.5-3.5', some],
  ['quantities', ['512Mi', '2Gi'], '1Mi-1Gi', some],
  ['durations', ['90m', '3h'], '1h-2h', some],
  ['minutes, though m is a thousandth too', '5m', '1m-10m', inside],
  ['a thousandth where the key is no duration', '0.005', '1m-10m', inside],
  ['ends in the wrong order', 5, '10-1', outside],
  ['what is no amount, alone', 'a', '1-10', outside],
  ['what is no amount, of a list: not outside either', ['a'], '1-10', '...+'],
  ['the range itself', ['1-10', '5'], '1-10', inside],
  ['a version, which is no amount', ['1.2.3'], '1-10', '...+'],
  ['an exclamation mark makes no range', '5', '1!-10', outside],
  ['of three there is none', '5', '1-10-20', outside],
])('a range: %s', (_, key, value, expected) => {
  expect(held(key, value)).toBe(expected);
});
