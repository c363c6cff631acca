import { ExpressionError } from './error.ts';
import { compileTemplate } from './template.ts';
import { compile, rendered } from './testing/templates.ts';
import type { Json } from './value.ts';

const limits = { limits: { memory: '2Gi', cpu: 2, on: true, none: null, 'a/b': 'slash' }, list: ['first'] };

/** The document with a text in it at /requests/memory. */
function withText(text: string): Json {
  return { ...limits, requests: { memory: text } };
}

test.each([
  // From the root, and from the text itself, as Kyverno's path.Join has it.
  ['$(/limits/memory)', '2Gi'],
  ['$(./../../limits/memory)', '2Gi'],
  ['$(../../limits/memory)', '2Gi'],
  ['$(/list/0)', 'first'],
  ['$(/limits/a\\/b)', 'slash'],
  // Inside of a text; more than one where spaces are between them.
  ['at most $(/limits/memory) of $(/list/0) here', 'at most 2Gi of first here'],
  ['x$(/limits/memory)', 'x2Gi'],
  // An operator before it.
  ['$(<=/limits/memory)', '<=2Gi'],
  ['$(>./../../limits/cpu)', '>2'],
  ['$(!/list/0)', '!first'],
  // No references: escaped, without an end, with a space.
  ['\\$(/limits/memory)', '$(/limits/memory)'],
  ['\\$(A)/\\$(B)', '$(A)/$(B)'],
  ['\\$(a \\$(b)', '\\$(a $(b)'],
  ['\\$(\\$(b)', '$(\\$(b)'],
  ['\\$( a)', '$( a)'],
  ['\\$()', '\\$()'],
  ['\\$())', '$())'],
  ['\\$(\n)\\$(a)', '\\$(\n)$(a)'],
  ['\\$(a', '\\$(a'],
  ['$()', '$()'],
  ['$(a', '$(a'],
  ['$(a b)', '$(a b)'],
  ['$', '$'],
])('%j comes to %j', (text, expected) => {
  expect(rendered(withText(text))).toEqual({ ...limits, requests: { memory: expected } });
});

test.each([
  ['$(/limits/nope)', 'names no text'],
  ['$(/limits)', 'names no text'],
  ['$(/limits/cpu)', 'names no text'],
  ['$(<=/limits/on)', 'names no text'],
  ['$(>/list/length)', 'names no text'],
  ['$(/limits/__proto__)', 'names no text'],
  ['$(./../constructor)', 'names no text'],
  ['$(<=)', 'names no text'],
  ['$(NODE_NAME)', 'for the text itself write "\\\\$(NODE_NAME)"'],
  ['$(/limits/memory)-$(/list/0)', 'names no text'],
  ['$(./)', 'names a text that has a reference itself'],
])('%j is refused: %s', (text, problem) => {
  expect(() => compileTemplate(withText(text), compile, 'value')).toThrow(problem);
  expect(() => compileTemplate(withText(text), compile, 'value')).toThrow(/^value\.requests\.memory: /);
  expect(() => compileTemplate(withText(text), compile)).toThrow(ExpressionError);
});

test('a lone text has nothing to refer to', () => {
  expect(() => compileTemplate('$(./../x)', compile)).toThrow('names no text of the same document');
});

test('in a key a path begins at the object', () => {
  expect(rendered({ a: { '$(./b)': 1, b: 'c' } })).toEqual({ a: { c: 1, b: 'c' } });
});

test('variables are substituted after references, so that what is put in may have some', () => {
  const tree = { a: '{{ name }}', b: 'is $(./../a)' };
  expect(rendered(tree, { name: 'web' })).toEqual({ a: 'web', b: 'is web' });
});

test('a value is no reference', () => {
  const value = '$(/secret)';
  expect(rendered({ secret: 's', a: '{{ v }}', b: 'x{{ v }}' }, { v: value })).toEqual({
    secret: 's',
    a: value,
    b: `x${value}`,
  });
});
