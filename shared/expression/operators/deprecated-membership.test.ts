import { ExpressionError } from '../error.ts';
import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { holds } from './table.ts';

/** What holds of In and NotIn. */
const held = (key: Json, value: Json) =>
  (['In', 'NotIn'] as const).map((operator) => (holds(operator, key, value, createRun(0)) ? '+' : '.')).join('');

const [inside, outside, neither] = ['+.', '.+', '..'];

test.each<[string, Json, Json, string | undefined]>([
  ['in a list', 'a', ['a', 'b'], inside],
  ['not in a list', 'c', ['a', 'b'], outside],
  ['under a pattern of the list', 'abc', ['a*'], inside],
  ['a pattern that covers an item', 'a*', ['abc'], inside],
  ['a number', 5, ['5'], inside],
  ['a number among numbers', 6, [5], outside],
  ['a boolean', true, ['true'], inside],
  ['in a text', 'a', 'a', inside],
  ['under a pattern that is the value', 'abc', 'a*', inside],
  ['not in a text, which is no list', 'a', 'b', neither],
  ['a range, of which these know nothing', '5', '1-10', neither],
  ['in a list that is written as JSON', 'a', '["a"]', inside],
  ['not in a list that is written as JSON', 'b', '["a"]', outside],
  ['in a number', 5, 5, neither],
  ['null', null, ['a'], neither],
  ['in null', 'a', null, neither],
  ['an object', {}, ['a'], neither],
])('%s', (_, key, value, expected) => {
  expect(held(key, value)).toBe(expected);
});

test.each<[string, Json, Json, string | undefined]>([
  ['all in a list', ['a', 'b'], ['b', 'a'], inside],
  ['one not in a list', ['a', 'c'], ['a', 'b'], outside],
  ['none', [], ['a'], inside],
  ['patterns, which stand for themselves', ['abc'], ['a*'], outside],
  ['a list with other than strings', ['a'], ['a', 1], neither],
  ['in a list that is written as JSON', ['a'], '["a", "b"]', inside],
  ['not in a list that is written as JSON', ['a', 'c'], '["a", "b"]', outside],
  ['one in the same text', ['a'], 'a', inside],
  ['two in a text', ['a', 'b'], 'a', neither],
  ['in null', ['a'], null, neither],
  ['in an object', ['a'], {}, neither],
])('a list of keys: %s', (_, key, value, expected) => {
  expect(held(key, value)).toBe(expected);
});

test.each(['In', 'NotIn'] as const)('%s refuses a list of keys that are no strings', (operator) => {
  expect(() => holds(operator, ['a', 1], ['a'], createRun(0))).toThrow(ExpressionError);
  expect(() => holds(operator, [null], ['a'], createRun(0))).toThrow('AnyIn, AllIn');
  expect(() => holds(operator, ['a', '1'], ['a'], createRun(0))).not.toThrow();
});
