import { compileExpression } from './compile.ts';
import { ExpressionError, ExpressionTooCostly, UnknownKey } from './error.ts';
import { functionTable } from './functions/table.ts';
import { createRun } from './run.ts';
import { evaluate, json, scopeOf } from './testing/evaluate.ts';
import type { Json } from './value.ts';

const people = {
  list: [
    { name: 'ann', age: 41, tags: ['a', 'b'], home: { city: 'Rome' } },
    { name: 'bob', age: 7, tags: [] },
    { age: 41, tags: ['c'], name: null },
  ],
  byName: { bob: { age: 7 }, ann: { age: 41 }, Zoe: {} },
  nested: [[1, 2], 3, [[4]], null],
  n: null,
  zero: 0,
  empty: '',
  none: [],
  text: 'héllo',
  'a-b': { 'c d': 1 },
};

describe('the language', () => {
  test.each<[string, Json]>([
    // Fields, indices, slices.
    ['zero', 0],
    ['byName.ann.age', 41],
    ['"a-b"."c d"', 1],
    ['"\\u006e"', null],
    ['text.length', null],
    ['n.a.b', null],
    ['list[0].name', 'ann'],
    ['list[-1].age', 41],
    ['list[3]', null],
    ['list[-4]', null],
    ['byName[0]', null],
    ['nested[0][1]', 2],
    ['`[0,1,2,3,4]`[1:3]', [1, 2]],
    ['`[0,1,2,3,4]`[:2]', [0, 1]],
    ['`[0,1,2,3,4]`[3:]', [3, 4]],
    ['`[0,1,2,3,4]`[::2]', [0, 2, 4]],
    ['`[0,1,2,3,4]`[::-1]', [4, 3, 2, 1, 0]],
    ['`[0,1,2,3,4]`[-2:]', [3, 4]],
    ['`[0,1,2,3,4]`[10:-10:-2]', [4, 2, 0]],
    ['`[0,1,2,3,4]`[9:]', []],
    ['text[0:2]', null],
    // Projections: what comes to null is left out.
    ['list[*].name', ['ann', 'bob']],
    ['list[].home.city', ['Rome']],
    ['list[*].tags[0]', ['a', 'c']],
    ['list[*].tags[]', ['a', 'b', 'c']],
    ['list[:2].age', [41, 7]],
    ['nested[]', [1, 2, 3, [4]]],
    ['nested[][]', [1, 2, 3, 4]],
    ['byName[*]', null],
    ['byName[]', null],
    ['byName.*.age', [41, 7]],
    ['list.*', null],
    // Of `a.*.b.c` the last is asked of the list as a whole: Kyverno's parser binds so.
    ['@.byName.*.ann.age', null],
    ['(@.*.ann)[].age', [41]],
    [
      'list[*].[name, age]',
      [
        ['ann', 41],
        ['bob', 7],
        [null, 41],
      ],
    ],
    ['list[?age > `10`].name', ['ann']],
    ['list[?age > `10`] | length(@)', 2],
    ['list[?name].age', [41, 7]],
    ["list[?contains(tags, 'a')].name", ['ann']],
    ["list[?home.city == 'Rome'].name", ['ann']],
    ['zero[?a]', null],
    ['list[0].{n: name, "a g": age}', { n: 'ann', 'a g': 41 }],
    ['list[0].[name, nothing, home.nothing]', ['ann', null, null]],
    ['n.[a]', null],
    ['n.{a: a}', null],
    // Pipes end projections.
    ['list[*].name | [0]', 'ann'],
    ['list[*].tags | [0][0]', 'a'],
    ['list[*].name[0]', []],
    // Truth: 0 is true.
    ['empty || n || none || `{}` || zero', 0],
    ["n && 'x'", null],
    ["zero && 'x'", 'x'],
    ['!empty', true],
    ['!zero', false],
    ['!!list', true],
    ['none && n', []],
    ['zero || a && b', 0],
    ['(zero || n) && empty', ''],
    // Comparisons: values of any kind are the same or not, only numbers have an order.
    ['`1` == `1.0`', true],
    ["`1` == '1'", false],
    ['`{"a": 1, "b": [2]}` == `{"b": [2], "a": 1}`', true],
    ['`[1, 2]` == `[2, 1]`', false],
    ['`{"a": null}` == `{"b": null}`', false],
    ['`[]` == `{}`', false],
    ['n == nothing', true],
    ['n != `false`', true],
    ['`2` > `1`', true],
    ['`1` >= `1`', true],
    ['`1` < `1`', false],
    ['`1` <= `0`', false],
    ["'b' > 'a'", null],
    ['`true` > `false`', null],
    ["'2' > `1`", null],
    // Literals: in '…' a backslash means itself, but before a quote.
    ["'a\\\\d'", 'a\\\\d'],
    ["'^\\d+$'", '^\\d+$'],
    ["'it\\'s'", "it's"],
    ["''", ''],
    ['`"a\\`b"`', 'a`b'],
    ['`"a\\\\\\"\\u0041"`', 'a\\"A'],
    ['` {"a": [1, true, null]} `', { a: [1, true, null] }],
    ['`true `', true],
    ["'`'", '`'],
    ['\'"\' == `"\\""`', true],
    ['"text"', 'héllo'],
    ["'a\nb'", 'a\nb'],
    // The root, and what stands for it.
    ['@.zero', 0],
    ['@ | zero', 0],
    ['[0]', null],
    ['[]', null],
    ['[*]', null],
    ['@[?a]', null],
    ['(n || @).zero', 0],
    ['length(@)', 9],
    ['@.*.zero', []],
    ['*.ann.age', [41]],
    ['@ && zero', 0],
    ['[@, zero] | [0].zero', 0],
    // Functions.
    ['map(&name, list)', ['ann', 'bob', null]],
    ['map(&home.city, list)', ['Rome', null, null]],
    ['sort_by(list, &age)[*].age', [7, 41, 41]],
    ['list[*].length(tags)', [2, 0, 1]],
    [
      'list[].{n: name, t: join(`"-"`, tags)}',
      [
        { n: 'ann', t: 'a-b' },
        { n: 'bob', t: '' },
        { n: null, t: 'c' },
      ],
    ],
  ])('%s', (text, expected) => {
    expect(evaluate(text, people)).toEqual(expected);
  });

  test('two fields of one name: the later holds', () => {
    expect(evaluate("{a: 'x', a: 'y'}")).toEqual({ a: 'y' });
  });

  test('fields are projected by their names, whatever their order in the document', () => {
    const documents = ['{"o":{"b":1,"10":2,"a":3,"9":4}}', '{"o":{"9":4,"a":3,"b":1,"10":2}}'];
    for (const document of documents) expect(evaluate('o.*', json(document))).toEqual([2, 4, 3, 1]);
  });

  test('names are in the order of their code points, not of UTF-16', () => {
    expect(evaluate('keys(@)', { '\u{1f600}': 1, '\uffff': 2, z: 3 })).toEqual(['z', '\uffff', '\u{1f600}']);
  });
});

describe('a field that an object does not have', () => {
  const document = { a: { b: { c: 1 } }, list: [{ a: 1 }, { b: 2 }], n: null };

  test.each<[string, string]>([
    ['x', 'x'],
    ['a.x', 'x'],
    ['a.x.y.z', 'x'],
    ['x[0]', 'x'],
    ['a.x[0].y', 'x'],
    ['@.x', 'x'],
    ['a && a.x', 'x'],
    ['a && (a && x)', 'x'],
    ['"x\\"y"', 'x\\"y'],
    ['(x)', 'x'],
    ['a.x.[y]', 'x'],
    ['a.x.{z: y}', 'x'],
  ])('is an error: %s', (text, key) => {
    expect(() => evaluate(text, document)).toThrow(UnknownKey);
    expect(() => evaluate(text, document)).toThrow(`Unknown key "${key}" in path`);
  });

  test.each<[string, Json]>([
    ["x || 'other'", 'other'],
    ["a.x.y || 'other'", 'other'],
    ['a.x || a.y', null],
    ['x && a', null],
    ['(x && a) || n', null],
    ['!x', true],
    ['!(a.x)', true],
    // `!` binds closer than `.`: a field of false.
    ['!a.x', null],
    ['x == `null`', true],
    ['a.b.c == a.x', false],
    ['x > `1`', null],
    ['`1` != x', true],
    ['not_null(x, a.x, a.b.c)', 1],
    ['type(a.x)', 'null'],
    ['list[*].a', [1]],
    ['list[].b', [2]],
    ['list[?a].a', [1]],
    ['list[?x]', []],
    ['list[?a.b.c]', []],
    ['x[*].y', null],
    ['x[].y', null],
    ['x[?y]', null],
    ['a.x.*', null],
    ['a.*.x', []],
    ['[x, a.x]', [null, null]],
    ['{y: x}', { y: null }],
    ['x | y', null],
    ['x | @', null],
    ['a | x', null],
    ['a | b.x', null],
    ['map(&x, list)', [null, null]],
    ['to_array(x)', [null]],
  ])('is null within %s', (text, expected) => {
    expect(evaluate(text, document)).toEqual(expected);
  });

  test('given to a function it is null, which most do not take', () => {
    expect(() => evaluate('length(a.x)', document)).toThrow(
      'length() takes a string or an array or an object as argument 1, not null',
    );
  });
});

describe('any error is null before [], [?…] and .*, as Kyverno has it', () => {
  test.each(["abs('x')[]", "abs('x')[?@]", "abs('x').*"])('%s', (text) => {
    expect(evaluate(text)).toBeNull();
  });
  test.each(["abs('x')[*]", "abs('x')[0]", "abs('x')[0:1]", "abs('x') || `1`", "[abs('x')]", "abs('x') | @"])(
    'but not within %s',
    (text) => {
      expect(() => evaluate(text)).toThrow('abs() takes a number as argument 1, not the string "x"');
    },
  );
  test('what takes too much is an error everywhere', () => {
    const list = Array.from({ length: 100 }, (_, at) => at);
    for (const text of ['list[]', 'list[?@]', '(list[?@])[]', 'list[] || `1`', 'to_array(list[])[]']) {
      expect(() => evaluate(text, { list }, createRun(0, 50))).toThrow(ExpressionTooCostly);
      expect(evaluate(text, { list }, createRun(0, 2000))).not.toBeNull();
    }
  });
  test('and what the root could not come by', () => {
    class Unreachable extends ExpressionError {}
    const compiled = compileExpression('(x.y[] || `1`)[?@]', functionTable);
    const get = () => {
      throw new Unreachable('no config map');
    };
    expect(() => compiled.evaluate({ get, names: () => [] }, createRun(0))).toThrow(Unreachable);
    expect(compiled.evaluate(scopeOf({}), createRun(0))).toBeNull();
  });
});

describe('fields are own fields', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'length', 'prototype', '__defineGetter__'];

  test.each(names)('%s of an object, a list and a text', (name) => {
    expect(() => evaluate(`a.${name}`, { a: {} })).toThrow(UnknownKey);
    expect(() => evaluate(name, {})).toThrow(UnknownKey);
    expect(evaluate(`a.${name}`, { a: [1] })).toBeNull();
    expect(evaluate(`a.${name}`, { a: 'text' })).toBeNull();
    expect(evaluate(`a.${name} || 'none'`, { a: {} })).toBe('none');
    expect(evaluate(`{b: a}.b.${name} || 'none'`, { a: {} })).toBe('none');
  });

  test.each(names)('%s that the document has is a field like any other', (name) => {
    const document = json(`{"a":{"${name}":{"b":1}},"${name}":2}`);
    expect(evaluate(`a.${name}.b`, document)).toBe(1);
    expect(evaluate(name, document)).toBe(2);
    expect(evaluate('a.*.b', document)).toEqual([1]);
    expect(evaluate('keys(a)', document)).toEqual([name]);
    expect(evaluate(`{${name}: \`3\`}.${name}`, document)).toBe(3);
    expect(evaluate(`\`{"${name}": 4}\`.${name}`, document)).toBe(4);
    expect(evaluate(`merge(a, {${name}: \`5\`}).${name}`, document)).toBe(5);
    expect(evaluate(`@ | ${name}`, document)).toBe(2);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe('what does not compile', () => {
  test.each<[string, string | RegExp]>([
    ['', 'it is empty'],
    ['  ', 'it is empty'],
    ['a.', /does not parse/],
    ['a b', /does not parse: unexpected token/],
    ['a[', /does not parse/],
    ['a[?b', /does not parse/],
    ['foo(', /does not parse/],
    ['.a', /does not parse/],
    ['a.[]', /does not parse/],
    ['[ ]', /a list \[ \] names nothing/],
    ['a[1-1]', 'a minus after a number'],
    ['a[-]', /does not parse|signs/],
    ['a[99999999999999999999]', 'an index is no whole number'],
    ['a[::0]', 'the step of a slice is 0'],
    ["'a", "nothing closes a '"],
    ["'a\\'", "nothing closes a '"],
    ['`1', 'nothing closes a `'],
    ['"a', 'nothing closes a "'],
    ['`a`', '`a` is not JSON within its quotes'],
    ['`1e999`', '`1e999` is not JSON within its quotes'],
    ['"\\x"', '"\\x" is not JSON within its quotes'],
    ['#', /unknown character/],
    ['é', /unknown character/],
    ['"abs"(x)', /quoted identifier/],
    ['a + b', "Kyverno's JMESPath does not have arithmetic operators"],
    ['a - `1`', "Kyverno's JMESPath does not have arithmetic operators"],
    ['a * b', "Kyverno's JMESPath does not have arithmetic operators"],
    ['a / b // c % d', "Kyverno's JMESPath does not have arithmetic operators"],
    ['-a', "Kyverno's JMESPath does not have the signs + and -"],
    ['a ? b : c', "Kyverno's JMESPath does not have the conditional operator ?:"],
    ['let $x = a in $x', "Kyverno's JMESPath does not have let"],
    ['$x', "Kyverno's JMESPath does not have variables of let ($name)"],
    ['$.a', "Kyverno's JMESPath does not have the root $"],
    ['a = b', "Kyverno's JMESPath does not have the assignment ="],
    ['a[?$.b]', "Kyverno's JMESPath does not have the root $"],
    ['nothing(a)', 'there is no function nothing()'],
    ['constructor(a)', 'there is no function constructor()'],
    ['zip(a, b)', 'there is no function zip()'],
    ['abs()', 'abs() takes 1 argument, not 0'],
    ['contains(a)', 'contains() takes 2 arguments, not 1'],
    ['merge()', 'merge() takes at least 1 argument, not 0'],
    ['map(&a)', 'map() takes 2 arguments, not 1'],
    ['map(a, b)', 'map() takes an expression (&) as argument 1'],
    ['map(&a, &b)', 'map() takes no expression (&) as argument 2'],
    ['sort_by(a, b)', 'sort_by() takes an expression (&) as argument 2'],
    ['sort_by(&a, b)', 'sort_by() takes an expression (&) as argument 2'],
    ['length(&a)', 'length() takes no expression (&) as argument 1'],
    ['&a', 'an expression with & stands only where a function takes one'],
    ['[&a]', 'an expression with & stands only where a function takes one'],
    ['map(&nothing(@), a)', 'there is no function nothing()'],
  ])('%s', (text, message) => {
    expect(() => compileExpression(text, functionTable)).toThrow(ExpressionError);
    expect(() => compileExpression(text, functionTable)).toThrow(message);
  });

  test('8,192 characters at most', () => {
    const long = (length: number) => `'${'a'.repeat(length - 2)}'`;
    expect(evaluate(long(8192))).toHaveLength(8190);
    expect(() => evaluate(long(8193))).toThrow('it is longer than 8192 characters');
  });

  test('a message shows a text that would fill a screen, or move its cursor, in part', () => {
    expect(() => evaluate(`a ${'b'.repeat(5000)}`)).toThrow(/^it does not parse: .{1,220}$/);
    expect(() => evaluate('\u001b[2J')).toThrow(/^it does not parse: [ -~]+$/);
  });
});

describe('the names that an expression begins with', () => {
  test.each<[string, readonly string[] | undefined]>([
    ['a', ['a']],
    ['a.b.c', ['a']],
    ["'x'", []],
    ['a || b && !c', ['a', 'b', 'c']],
    ['a == b', ['a', 'b']],
    ['a[?b == c].d', ['a']],
    ['a[*].b', ['a']],
    ['a.*.b', ['a']],
    ['a | b', ['a']],
    ['[a, b].c', ['a', 'b']],
    ['{x: a, y: b.c}', ['a', 'b']],
    ['length(a)', ['a']],
    ['join(a, b[*].c)', ['a', 'b']],
    ['sort_by(a, &b)', ['a']],
    ['map(&@, a)', ['a']],
    ['a[?@]', ['a']],
    ['a | @', ['a']],
    ['@.a', ['a']],
    ['@ | a', ['a']],
    ['@ | @.a | b', ['a']],
    ['(x || @).a', ['a', 'x']],
    ['[0]', []],
    ['[]', []],
    ['[*].a', []],
    ['[?a]', []],
    ['@', undefined],
    ['*', undefined],
    ['@.*', undefined],
    ['length(@)', undefined],
    ['map(&a, @)', undefined],
    ['[@]', undefined],
    ['{x: @}', undefined],
    ['a || @', undefined],
    ['@ || a', undefined],
    ['!@', undefined],
    ['@ == a', undefined],
    ['@ | length(@)', undefined],
    ['a[?@.x] || [@][0]', undefined],
  ])('%s', (text, names) => {
    const compiled = compileExpression(text, functionTable);
    expect(compiled.names && [...compiled.names].sort()).toEqual(names);
    const asked = new Set<string>();
    try {
      compiled.evaluate(scopeOf({ a: [{ b: 1 }], b: 'x', unrelated: 1 }, asked), createRun(0));
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ExpressionError);
    }
    if (names !== undefined) expect([...asked].filter((name) => !names.includes(name))).toEqual([]);
  });
});
