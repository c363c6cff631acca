import { json } from '../testing/evaluate.ts';
import type { Json } from '../value.ts';
import { ask, refusal } from './testing/ask.ts';

// What Kyverno 1.19.1 answers.
test.each<[string, readonly Json[], Json]>([
  ['lookup', [{ a: 1 }, 'a'], 1],
  ['lookup', [{ a: 1 }, 'b'], null],
  ['lookup', [{}, 'constructor'], null],
  ['lookup', [['a', 'b'], 1], 'b'],
  ['lookup', [['a', 'b'], 2], null],
  ['lookup', [['a', 'b'], -1], null],
  [
    'items',
    [{ b: 1, a: 2 }, 'key', 'value'],
    [
      { key: 'a', value: 2 },
      { key: 'b', value: 1 },
    ],
  ],
  [
    'items',
    [['x', 'y'], 'i', 'v'],
    [
      { i: 0, v: 'x' },
      { i: 1, v: 'y' },
    ],
  ],
  ['items', [{ a: 1 }, 'k', 'k'], [{ k: 1 }]],
  [
    'items',
    [{ '\u{1f600}': 1, '\uffff': 2 }, 'k', 'v'],
    [
      { k: '\uffff', v: 2 },
      { k: '\u{1f600}', v: 1 },
    ],
  ],
  ['items', [{}, 'k', 'v'], []],
  [
    'object_from_lists',
    [
      ['a', 'b'],
      [1, 2],
    ],
    { a: 1, b: 2 },
  ],
  ['object_from_lists', [['a', 'b'], [1]], { a: 1, b: null }],
  ['object_from_lists', [['a'], [1, 2]], { a: 1 }],
  [
    'object_from_lists',
    [
      ['a', 'a'],
      [1, 2],
    ],
    { a: 2 },
  ],
  [
    'object_from_lists',
    [
      [1, 0.1, true],
      [1, 2, 3],
    ],
    { '1': 1, '0.1': 2, true: 3 },
  ],
  ['object_from_lists', [[], []], {}],
])('%s%j is %j', (name, given, expected) => {
  expect(ask(name, given)).toEqual(expected);
});

test.each([
  ['lookup', [{ a: 1 }, 1], 'takes a string to find in an object'],
  ['lookup', [['a'], 'a'], 'takes a number to find in an array'],
  ['lookup', [['a'], 0.5], 'takes a whole number'],
  ['lookup', [['a'], 1e300], 'numbers of 64 bits'],
  ['lookup', ['a', 'a'], 'takes an object or an array'],
  ['items', ['a', 'k', 'v'], 'takes an object or an array'],
  ['object_from_lists', [[null], []], 'strings, numbers and booleans'],
  ['object_from_lists', [[['a']], []], 'strings, numbers and booleans'],
  ['object_from_lists', [[1e300], []], 'too large to be written as text'],
])('%s%j is an error', (name, given, problem) => {
  expect(refusal(name, given)).toContain(problem);
});

test('__proto__ is a name like any other', () => {
  const made = ask('object_from_lists', [['__proto__'], [{ polluted: true }]]);
  expect(Object.keys(made as object)).toEqual(['__proto__']);
  expect(ask('items', [json('{"__proto__": 1}'), 'k', '__proto__'])).toHaveLength(1);
  expect(ask('lookup', [json('{"__proto__": 1}'), '__proto__'])).toBe(1);
  expect(ask('lookup', [{}, '__proto__'])).toBeNull();
  expect({}).not.toHaveProperty('polluted');
});
