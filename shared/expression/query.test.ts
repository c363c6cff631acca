import { ExpressionError } from './error.ts';
import { compileQuery } from './query.ts';
import { createRun } from './run.ts';
import { compile, scopeOf } from './testing/templates.ts';
import type { Json } from './value.ts';

const values = { name: 'web', key: 'a', list: [1, 2], hostile: "' || name || '" };

function about(text: string, value: Json): Json {
  return compileQuery(text, compile).evaluateOn(value, scopeOf(values), createRun(0));
}

test('it is about the scope, or about a value of any type', () => {
  expect(compileQuery('list[1]', compile).evaluate(scopeOf(values), createRun(0))).toBe(2);
  expect(about('[1]', ['x', 'y'])).toBe('y');
  expect(about('length(@)', 'text')).toBe(4);
  expect(about('@', null)).toBe(null);
  expect(about('a.b', { a: { b: 1 } })).toBe(1);
});

test('of a value the names of the scope are not there', () => {
  expect(() => about('name', { a: 1 })).toThrow('Unknown key "name"');
  expect(about('name', ['a'])).toBe(null);
  expect(() => about('[0].b', [{ a: 1 }])).toThrow('Unknown key "b"');
});

test('its variables are of the scope, and stay in their places', () => {
  expect(about('{{ key }}', { a: 1 })).toBe(1);
  expect(about('"{{ key }}".b', { a: { b: 2 } })).toBe(2);
  expect(about("echo(@, '{{ hostile }}')", 1)).toEqual([1, "' || name || '"]);
  expect(() => about('{{ hostile }}', { a: 1 })).toThrow('which is none');
  expect(about("echo('\\$(x)', '\\{{')", 1)).toEqual(['$(x)', '{{']);
});

test('names are told apart from those of variables', () => {
  const query = compileQuery("list[?@ == '{{ name }}']", compile);
  expect(query.names).toEqual(new Set(['list', 'name']));
  expect(query.variableNames).toEqual(new Set(['name']));
  expect(compileQuery('list', compile).variableNames).toEqual(new Set());
});

test.each(['', 'a.', '{{ a', '$(./../x)', "'{{ name }}"])('%j is refused', (text) => {
  expect(() => compileQuery(text, compile)).toThrow(ExpressionError);
});
