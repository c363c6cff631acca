import { ExpressionError } from '../error.ts';
import { evaluate, json } from '../testing/evaluate.ts';
import type { Json } from '../value.ts';
import { standardFunctions } from './standard.ts';
import { functionTable, tableOf } from './table.ts';

const document = {
  list: [
    { name: 'b', age: 3 },
    { name: 'a', age: 1 },
    { name: 'c', age: 1 },
  ],
  mixed: [1, 'a'],
  object: { b: 1, a: [2], '': null },
  face: '\u{1f600}é',
};

test.each<[string, Json]>([
  ['abs(`-1.5`)', 1.5],
  ['ceil(`1.2`)', 2],
  ['ceil(`-1.2`)', -1],
  ['floor(`1.7`)', 1],
  ['floor(`-1.2`)', -2],
  ['avg(`[1, 2, 6]`)', 3],
  ['avg(`[]`)', null],
  ['to_number(`7`)', 7],
  ["to_number('7')", 7],
  ["to_number('-1.50e2')", -150],
  ["to_number('+.5')", 0.5],
  ["to_number('5.')", 5],
  ["to_number('1_000')", 1000],
  ["to_number('1__0')", null],
  ["to_number('_1')", null],
  ["to_number('1_')", null],
  ["to_number(' 1')", null],
  ["to_number('')", null],
  ["to_number('.')", null],
  ["to_number('1e')", null],
  ["to_number('1e999')", null],
  ["to_number('0x10')", null],
  ["to_number('Infinity')", null],
  ["to_number('nan')", null],
  ['to_number(`true`)', null],
  ['to_number(`[1]`)', null],
  ['to_number(x)', null],

  ["starts_with('abc', 'ab')", true],
  ["starts_with('abc', 'b')", false],
  ["starts_with('abc', '')", true],
  ["ends_with('abc', 'bc')", true],
  ["ends_with('abc', 'ab')", false],
  ['join(\', \', `["a", "b", ""]`)', 'a, b, '],
  ["join('-', `[]`)", ''],
  ["to_string('a\"<')", 'a"<'],
  ['to_string(`1`)', '1'],
  ['to_string(`-0.0000001`)', '-1e-7'],
  ['to_string(`0.000001`)', '0.000001'],
  ['to_string(`1e21`)', '1e+21'],
  ['to_string(`123456789012345680000`)', '123456789012345680000'],
  ['to_string(x)', 'null'],
  ['to_string(`false`)', 'false'],
  ['to_string(`[]`)', '[]'],
  ['to_string(`{}`)', '{}'],
  ['to_string(`[1, "a", null, [true]]`)', '[1,"a",null,[true]]'],
  ['to_string(`{"b": {"d": 1, "c": 2}, "a": "x"}`)', '{"a":"x","b":{"c":2,"d":1}}'],
  [
    'to_string(`["<a href=\\"x\\">&\\\\\\u2028\\u0007\\n\\t\\u007f"]`)',
    '["\\u003ca href=\\"x\\"\\u003e\\u0026\\\\\\u2028\\u0007\\n\\t\u007f"]',
  ],
  ['to_string([face])', '["\u{1f600}é"]'],

  ["contains('abc', 'bc')", true],
  ["contains('abc', 'x')", false],
  ["contains('abc', '')", true],
  ["contains('abc1', `1`)", false],
  ['contains(`[1, 2]`, `2`)', true],
  ['contains(`[1, 2]`, `"2"`)', false],
  ['contains(`[null]`, x)', true],
  ['contains(`[[1], {"a": 1}]`, `[1]`)', true],
  ['contains(`[[1], {"a": 1}]`, `{"a": 1}`)', true],
  ['contains(`[[1], {"a": 1}]`, `{"a": 2}`)', false],
  ['contains(`[]`, `null`)', false],
  ["reverse('abc')", 'cba'],
  ['reverse(face)', 'é\u{1f600}'],
  ["reverse('')", ''],
  ['reverse(`[1, "a", null]`)', [null, 'a', 1]],
  ['sort(`[3, 1, -2]`)', [-2, 1, 3]],
  ['sort(`[10, 9]`)', [9, 10]],
  ['sort(`["b", "B", "", "ab", "a"]`)', ['', 'B', 'a', 'ab', 'b']],
  ['sort(`["\\ud83d\\ude00", "\\uffff", "z"]`)', ['z', '\uffff', '\u{1f600}']],
  ['sort(`[]`)', []],
  ['max(`[1, 3, 2]`)', 3],
  ['max(`["a", "c", "b"]`)', 'c'],
  ['max(`[]`)', null],
  ['min(`[2, 1, 3]`)', 1],
  ['min(`["\\uffff", "\\ud83d\\ude00"]`)', '\uffff'],
  ['min(`[]`)', null],

  ["length('abc')", 3],
  ['length(face)', 2],
  ['length(`"\\ud83d"`)', 1],
  ["length('')", 0],
  ['length(`[1, 2]`)', 2],
  ['length(object)', 3],
  ['keys(object)', ['', 'a', 'b']],
  ['values(object)', [null, [2], 1]],
  ['keys(`{}`)', []],
  ['merge(`{"a": 1, "b": {"c": 1}}`, `{"b": {"d": 2}}`, `{"e": null}`)', { a: 1, b: { d: 2 }, e: null }],
  ['merge(`{}`)', {}],
  ['not_null(x, `null`, `0`, `1`)', 0],
  ["not_null('')", ''],
  ['not_null(x)', null],
  ['to_array(`[1]`)', [1]],
  ["to_array('a')", ['a']],
  ['to_array(x)', [null]],
  ['type(`1`)', 'number'],
  ["type('')", 'string'],
  ['type(`true`)', 'boolean'],
  ['type(`null`)', 'null'],
  ['type(`[]`)', 'array'],
  ['type(`{}`)', 'object'],

  ['map(&age, list)', [3, 1, 1]],
  ['map(&x, `[{}, {"x": 1}]`)', [null, 1]],
  ['map(&@, `[]`)', []],
  ['sort_by(list, &age)[*].name', ['a', 'c', 'b']],
  ['sort_by(list, &name)[*].name', ['a', 'b', 'c']],
  ['sort_by(`[]`, &name)', []],
  ['sort_by(`[{}]`, &name)', [{}]],
  ['max_by(list, &age).name', 'b'],
  ['max_by(list, &name).name', 'c'],
  ['max_by(list, &`1`).name', 'b'],
  ['max_by(`[]`, &x)', null],
  ['max_by(`[{}]`, &x)', {}],
  ['min_by(list, &age).name', 'a'],
  ['min_by(list, &name).age', 1],
])('%s', (text, expected) => {
  expect(evaluate(text, document)).toEqual(expected);
});

test.each<[string, string]>([
  ["abs('1')", 'abs() takes a number as argument 1, not the string "1"'],
  ['abs(x)', 'abs() takes a number as argument 1, not null'],
  ['ceil(`[1, 2]`)', 'ceil() takes a number as argument 1, not an array of 2'],
  ['floor(`{}`)', 'floor() takes a number as argument 1, not an object'],
  ['avg(`[1, "a"]`)', 'avg() takes an array of numbers, not one with the string "a"'],
  ['avg(`[1e308, 1e308]`)', 'avg() comes to a number larger than any that JSON can hold'],
  ["starts_with('a', `1`)", 'starts_with() takes a string as argument 2, not the number 1'],
  ["ends_with(`true`, 'a')", 'ends_with() takes a string as argument 1, not true'],
  ["join('', `[1]`)", 'join() takes an array of strings, not one with the number 1'],
  ["join('', 'a')", 'join() takes an array as argument 2, not the string "a"'],
  ["contains(`1`, 'a')", 'contains() takes an array or a string as argument 1, not the number 1'],
  ['contains(x, `1`)', 'contains() takes an array or a string as argument 1, not null'],
  ['reverse(`1`)', 'reverse() takes an array or a string as argument 1, not the number 1'],
  ['sort(mixed)', 'sort() takes an array of numbers, not one with the string "a"'],
  ['sort(`[null]`)', 'sort() takes an array of numbers or of strings, not one with null'],
  ['max(reverse(mixed))', 'max() takes an array of strings, not one with the number 1'],
  ["min('a')", 'min() takes an array as argument 1, not the string "a"'],
  ['length(`1`)', 'length() takes a string or an array or an object as argument 1, not the number 1'],
  ['keys(list)', 'keys() takes an object as argument 1, not an array of 3'],
  ['values(x)', 'values() takes an object as argument 1, not null'],
  ['merge(`{}`, x)', 'merge() takes an object as argument 2, not null'],
  ['map(&a, `{}`)', 'map() takes an array as argument 2, not an object'],
  ['map(&abs(@), mixed)', 'abs() takes a number as argument 1, not the string "a"'],
  ['sort_by(object, &a)', 'sort_by() takes an array as argument 1, not an object'],
  ['sort_by(mixed, &@)', 'sort_by() takes a number of each element or a string of each, not the string "a"'],
  ['sort_by(list, &x)', 'sort_by() takes a number of each element or a string of each, not null'],
  ['max_by(list, &@)', 'max_by() takes a number of each element or a string of each, not an object'],
  ['min_by(x, &@)', 'min_by() takes an array as argument 1, not null'],
])('%s is an error', (text, message) => {
  expect(() => evaluate(text, document)).toThrow(ExpressionError);
  expect(() => evaluate(text, document)).toThrow(message);
});

test('what an author wrote is shown in part, and on one line', () => {
  const message = (given: string) => {
    try {
      return evaluate('abs(x)', { x: given });
    } catch (thrown) {
      return Error.isError(thrown) ? thrown.message : thrown;
    }
  };
  expect(message('a'.repeat(100_000))).toBe(`abs() takes a number as argument 1, not the string "${'a'.repeat(40)}"…`);
  expect(message('\n\u001b[2J\u202e')).toBe(
    'abs() takes a number as argument 1, not the string "\\n\\u001b[2J\\u202e"',
  );
});

test('a number that JSON.parse makes of 1e999 has no text', () => {
  expect(() => evaluate('to_string(x)', json('{"x":1e999}'))).toThrow('a number is larger than any that JSON can hold');
  expect(evaluate('to_string(x)', json('{"x":-0}'))).toBe('-0');
});

test('half a surrogate pair is written as Go reads it', () => {
  expect(evaluate('to_string([x])', json('{"x":"\\ud83d"}'))).toBe('["\ufffd"]');
});

test('what it is given is not changed', () => {
  const given = json('{"l":[3,1,2],"o":[{"k":"b"},{"k":"a"}]}');
  const before = JSON.stringify(given);
  expect(evaluate('[sort(l), reverse(l), sort_by(o, &k), to_array(l), merge(o[0], o[1])]', given)).toHaveLength(5);
  expect(JSON.stringify(given)).toBe(before);
});

test('the table has each by its name; a later list takes the place of an earlier one', () => {
  for (const { name } of standardFunctions) expect(functionTable.get(name)?.name).toBe(name);
  const [abs] = standardFunctions;
  if (abs === undefined) throw new Error('there are none');
  const other = { ...abs, call: () => 'other' };
  expect(tableOf(standardFunctions, [other]).get(abs.name)).toBe(other);
  expect(tableOf([other], standardFunctions).get(abs.name)).toBe(abs);
});
