import { ExpressionError, ExpressionTooCostly } from './error.ts';
import { createRun } from './run.ts';
import { nothing } from './scope.ts';
import { compileTemplate } from './template.ts';
import { hasVariables } from './template-text.ts';
import { compile, rendered, scopeOf } from './testing/templates.ts';
import type { Json } from './value.ts';

const values: Json = {
  name: 'web',
  count: 3,
  half: 0.5,
  yes: true,
  nothing: null,
  list: [1, 'two'],
  object: { b: '<&>', a: [null] },
  key: 'app',
  labels: { app: 'shop' },
};

describe('a text', () => {
  test.each<[string, Json]>([
    ['plain', 'plain'],
    ['', ''],
    // One variable and nothing else keeps its type.
    ['{{ name }}', 'web'],
    ['{{count}}', 3],
    ['{{ yes }}', true],
    ['{{ nothing }}', null],
    ['{{ list }}', [1, 'two']],
    ['{{\n list[0]\n}}', 1],
    // In any other text it is written.
    [' {{ count }}', ' 3'],
    ['{{ name }}-{{ count }}', 'web-3'],
    ['{{name}}{{count}}{{yes}}', 'web3true'],
    ['n={{ nothing }} h={{ half }}', 'n=null h=0.5'],
    ['{{ list }}!', '[1,"two"]!'],
    ['{{ object }}!', '{"a":[null],"b":"\\u003c\\u0026\\u003e"}!'],
    // Braces stand one deep inside.
    ['{{ {n: name} }}', { n: 'web' }],
    ['{{{n: name}}}', { n: 'web' }],
    ["{{ echo('a{2}') }}", ['a{2}']],
    // What is substituted once is never substituted again, with and without the hyphen.
    ['{{- name }}', 'web'],
    ['{{-name}} and {{ - count }}', 'web and 3'],
    // Escapes.
    ['\\{{ name }}', '{{ name }}'],
    ['\\{{ name }} {{ name }}', '{{ name }} web'],
    ['\\{{ a {{ name }} }}', '{{ a web }}'],
    ['\\$(name)', '$(name)'],
    ['{ {name} }} $(', '{ {name} }} $('],
    // Inside each other.
    ['{{ labels.{{ key }} }}', 'shop'],
    ['{{labels.{{key}}}}', 'shop'],
    ['is {{ labels."{{ key }}" }}', 'is shop'],
    ["{{ echo('{{ echo('{{ name }}')[0] }}') }}", ['web']],
  ])('%j comes to %j', (text, expected) => {
    expect(rendered(text, values)).toEqual(expected);
  });

  test.each([
    ['{{ name', 'braces are opened and no variable is closed in "{{ name"'],
    ['{{ name }} {{', 'for the text write \\{{'],
    ['{{ {a: {b: name}} }}', 'inside {{ }} braces stand one deep'],
    ['{{ labels.\\{{ key }} }}', 'no variable is closed'],
    ['{{ }}', 'a variable is empty'],
    ['{{ - }}', 'a variable is empty'],
    ['{{ @ }}', "the variable '@' stands for a place of a pattern"],
    ["{{ echo('{{@}}') }}", "the variable '@' stands for a place of a pattern"],
    ['{{ name. }}', '{{ name. }}: '],
    ['{{ no_such_function(name) }}', 'no_such_function'],
    ['a\0{{ name }}', 'NUL'],
  ])('%j is refused while policies are read: %s', (text, problem) => {
    expect(() => compileTemplate(text, compile)).toThrow(problem);
    expect(() => compileTemplate(text, compile)).toThrow(ExpressionError);
  });

  test('a variable without a value is told with its place', () => {
    const template = compileTemplate([{ key: '{{ name }}' }, { key: 'a {{ nope.x }}' }], compile, 'conditions');
    expect(() => template.render(scopeOf(values), createRun(0))).toThrow(
      'conditions[1].key: {{ nope.x }}: Unknown key "nope" in path',
    );
    expect(rendered("{{ nope.x || '' }}", values)).toBe('');
  });

  test.each([
    ['plain', false],
    ['{ x }}', false],
    ['$ (x)', false],
    ['{{ x }}', true],
    ['\\{{ x }}', true],
    ['$(./../x)', true],
    ['\\$(x)', true],
  ])('whether %j is read as a template: %j', (text, expected) => {
    expect(hasVariables(text)).toBe(expected);
  });
});

describe('a tree', () => {
  test('keeps what is no text, and its shape', () => {
    const tree = { a: [1, true, null, 'x', ['{{ count }}']], b: { c: {}, d: '{{ name }}!' } };
    expect(rendered(tree, values)).toEqual({ a: [1, true, null, 'x', [3]], b: { c: {}, d: 'web!' } });
  });

  test('a key may be a variable, and must come to a string of its own', () => {
    expect(rendered({ '{{ key }}': 1, 'x-{{ count }}': 2 }, values)).toEqual({ app: 1, 'x-3': 2 });
    expect(() => rendered({ '{{ count }}': 1 }, values)).toThrow('a key comes to something other than a string');
    expect(() => rendered({ '{{ key }}': 1, app: 2 }, values)).toThrow('a key comes to a name that another one has');
  });

  test.each(['__proto__', 'constructor', 'toString'])('%s is a key like any other', (name) => {
    const tree: Json = JSON.parse(`{ ${JSON.stringify(name)}: "{{ name }}", "{{ key }}": 1 }`);
    expect(JSON.stringify(rendered(tree, { name: 'web', key: 'b' }))).toBe(`{"${name}":"web","b":1}`);
    expect(JSON.stringify(rendered({ '{{ key }}': 1 }, { key: name }))).toBe(`{"${name}":1}`);
    expect(() => rendered(`{{ ${name} }}`, values)).toThrow(`Unknown key "${name}"`);
  });

  test('without variables it is made once', () => {
    const template = compileTemplate({ a: ['\\{{ x }}', 1] }, compile);
    expect(template.variable).toBe(false);
    expect(template.names).toEqual(new Set());
    expect(template.render(nothing, createRun(0))).toBe(template.render(nothing, createRun(0)));
    expect(template.render(nothing, createRun(0))).toEqual({ a: ['{{ x }}', 1] });
  });
});

describe('names', () => {
  test.each<[Json, readonly string[] | undefined]>([
    ['{{ name }}', ['name']],
    [{ a: '{{ name }}', '{{ key }}': ['{{ labels.app }} {{ count }}'] }, ['name', 'key', 'labels', 'count']],
    ["{{ echo(count, '{{ name }}') }}", ['count', 'name']],
    ['{{ labels.{{ key }} }}', ['labels', 'key']],
    ['{{ list[{{ count }}] }}', ['list', 'count']],
    // Which name of the root it will be nobody knows.
    ['{{ {{ key }}.x }}', undefined],
    ['{{ a{{ key }}.x }}', undefined],
    ['{{ "{{ key }}" }}', undefined],
    ['{{ {{ key }}.labels || labels."{{ key }}" }}', undefined],
    ['{{ labels."{{ key }}" }}', ['labels', 'key']],
    ['{{ echo({{ key }}) }}', undefined],
    ['{{ @.{{ key }} }}', undefined],
    ['{{ @ | echo(@) }}', undefined],
  ])('of %j: %j', (tree, expected) => {
    const template = compileTemplate(tree, compile);
    expect(template.variable).toBe(true);
    expect(template.names).toEqual(expected === undefined ? undefined : new Set(expected));
  });
});

describe('what is too much', () => {
  const nested = (depth: number) => `${"{{ echo('".repeat(depth)}{{ name }}${"') }}".repeat(depth)}`;

  test.each<[string, Json, string]>([
    ['a long text', `${'x'.repeat(32 * 1024)}{{ name }}`, 'a text is longer than 32768 characters'],
    ['a long text of references', `${'x'.repeat(32 * 1024)}$(/a)`, 'a text is longer than 32768 characters'],
    ['much that is referred to', ['x'.repeat(20_000), '$(/0) $(/0)'], 'a text is longer than 32768 characters'],
    ['a long expression', `{{ '${'x'.repeat(8 * 1024)}' }}`, 'longer than 8192 characters'],
    ['a long expression around a variable', `{{ echo('${'x'.repeat(8 * 1024)}{{ name }}') }}`, 'longer than 8192'],
    ['variables inside each other', nested(8), 'more than 8 deep'],
    ['variables', Array.from({ length: 1001 }, () => '{{ name }}'), 'more than 1000 variables'],
    ['values', Array.from({ length: 10_000 }, () => 0), 'more than 10000 values'],
    ['depth', JSON.parse('['.repeat(40) + ']'.repeat(40)) as Json, 'more than 32 deep'],
  ])('%s is refused', (_, tree, problem) => {
    expect(() => compileTemplate(tree, compile)).toThrow(problem);
    expect(() => compileTemplate(tree, compile)).toThrow(ExpressionError);
  });

  test('what is just within is not', () => {
    expect(rendered(nested(7), values)).toHaveLength(1);
    expect(rendered(`${'x'.repeat(30 * 1024)}{{ name }}`, values)).toHaveLength(30 * 1024 + 3);
    expect(
      rendered(
        Array.from({ length: 1000 }, () => '{{ name }}'),
        values,
      ),
    ).toHaveLength(1000);
  });

  test.each(['{', '{{', '{{{', '{{{a}', '$(', '\\$(', '$(a', '\\{{', "{{ '", '{{a}}'])(
    '%j over and over takes no time',
    (part) => {
      const text = part.repeat(32_000 / part.length);
      const before = performance.now();
      try {
        compileTemplate([text, 1], compile).render(scopeOf({ a: 'b' }), createRun(0));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ExpressionError);
      }
      expect(performance.now() - before).toBeLessThan(2000);
    },
  );

  test('texts have a bound in all', () => {
    const half = 'x'.repeat(600_000);
    expect(rendered(['>{{ v }}'], { v: half })).toEqual([`>${half}`]);
    expect(() => rendered(['>{{ v }}', '>{{ v }}'], { v: half })).toThrow(ExpressionTooCostly);
  });

  test('work is paid for', () => {
    const template = compileTemplate('{{ v }} of {{ v }}', compile);
    const run = createRun(0, 1000);
    expect(() => template.render(scopeOf({ v: 'x'.repeat(64_000) }), run)).toThrow(ExpressionTooCostly);
  });
});
