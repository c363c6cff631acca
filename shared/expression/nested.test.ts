import fc from 'fast-check';
import { ExpressionError, ExpressionTooCostly } from './error.ts';
import { jsonText } from './json-text.ts';
import { createRun, uncounted } from './run.ts';
import { compileTemplate } from './template.ts';
import { compile, rendered, scopeOf } from './testing/templates.ts';
import type { Json } from './value.ts';

const values = {
  name: 'web',
  app: 'shop',
  index: 1,
  digit: '1',
  minus: -1,
  list: ['zero', 'one', 'two'],
  object: { web: 'W', 'a-b': 'AB', shop: { web: 'SW' }, x_web: 'XW', x1: 'X1' },
  dotted: 'shop.web',
  dashed: 'a-b',
  key: 'a key',
  'a key': { shop: 'S' },
  yes: true,
  nothing: null,
  half: 0.5,
};

describe('a variable inside an expression', () => {
  test.each<[string, Json]>([
    // In a string, a part of it.
    ["{{ echo('{{ name }}') }}", ['web']],
    ["{{ echo('<{{ name }}>{{ index }}', 'x') }}", ['<web>1', 'x']],
    ["{{ echo('{{ list }}{{ nothing }}') }}", ['["zero","one","two"]null']],
    ["{{ echo('it\\'s {{ name }}', 'a\\b') }}", ["it's web", 'a\\b']],
    ["{{ list[?@ == '{{ list[2] }}'] }}", ['two']],
    // In a quoted identifier, a part of the name, whatever it has.
    ['{{ object."{{ dashed }}" }}', 'AB'],
    ['{{ object."x_{{ name }}" }}', 'XW'],
    ['{{ object."x{{ index }}" }}', 'X1'],
    ['{{ "{{ key }}".shop }}', 'S'],
    // In a literal, a part of a string, or a value of its type.
    [
      '{{ `{"a": "{{ name }}", "b{{ index }}": [{{ name }}, {{ index }}, {{ half }}, {{ yes }}, {{ nothing }}]}` }}',
      { a: 'web', b1: ['web', 1, 0.5, true, null] },
    ],
    ['{{ `{{ list }}` }}', ['zero', 'one', 'two']],
    ['{{ `{{ digit }}` }}', '1'],
    ['{{ `"\\"{{ name }}\\`"` }}', '"web`'],
    // In brackets, an index.
    ['{{ list[{{ index }}] }}', 'one'],
    ['{{ list[{{ digit }}] }}', 'one'],
    ['{{ list[{{ minus }}] }}', 'two'],
    ['{{ list[ {{ index }} : ] }}', ['one', 'two']],
    ['{{ list[:{{ index }}] }}', ['zero']],
    ['{{ list[{{ index }}:{{ minus }}:{{ index }}] }}', ['one']],
    // After a dot, or in an identifier, a name.
    ['{{ object.{{ name }} }}', 'W'],
    ['{{ object . {{ name }} }}', 'W'],
    ['{{ object.x_{{ name }} }}', 'XW'],
    ['{{ object.x{{ index }} }}', 'X1'],
    ['{{ object.{{ app }}.{{ name }} }}', 'SW'],
    ['{{ {x: name, {{ app }} : app} }}', { x: 'web', shop: 'shop' }],
    // As an operand, a name where it is a string, else itself.
    ['{{ {{ name }}x || {{ app }}y || `9` }}', 9],
    [
      '{{ echo({{ index }}, {{ yes }}, {{ nothing }}, {{ list }}, {{ object }}) }}',
      [1, true, null, values.list, values.object],
    ],
    ['{{ list[?{{ yes }}] }}', values.list],
    ['{{ [{{ index }}, {{ half }}] }}', [1, 0.5]],
    ['{{ !{{ yes }} }}', false],
    ['{{ index == {{ index }} && {{ yes }} }}', true],
  ])('%s comes to %j', (text, expected) => {
    expect(rendered(text, values)).toEqual(expected);
  });

  test.each([
    ['{{ object.{{ dotted }} }}', 'comes to "shop.web", which is none; in double quotes, "{{ }}", it is one name'],
    ['{{ object.{{ dashed }} }}', 'comes to "a-b"'],
    ['{{ {{ dotted }} }}', 'comes to "shop.web"'],
    ['{{ object.{{ index }} }}', 'comes to "1"'],
    ['{{ object.{{ nothing }} }}', 'Unknown key "null"'],
    ['{{ object.{{ list }} }}', 'which is none'],
    ['{{ object.x_{{ dotted }} }}', 'comes to "x_shop.web"'],
    ['{{ list[{{ name }}] }}', 'comes to "web", which is no whole number'],
    ['{{ list[{{ half }}] }}', 'comes to "0.5", which is no whole number'],
    ['{{ list[{{ nothing }}] }}', 'which is no whole number'],
    ["{{ echo('{{ nope }}') }}", 'Unknown key "nope"'],
  ])('%s is an error: %s', (text, problem) => {
    const template = compileTemplate(text, compile);
    expect(() => template.render(scopeOf(values), createRun(0))).toThrow(problem);
    expect(() => template.render(scopeOf(values), createRun(0))).toThrow(ExpressionError);
  });

  test.each([
    ['{{ {{ name }}(list) }}', 'a variable names no function'],
    ['{{ x_{{ name }} (list) }}', 'a variable names no function'],
    ['{{ list {{ name }} }}', 'a variable stands where an operator is expected'],
    ["{{ 'a' {{ name }} 'b' }}", 'a variable stands where an operator is expected'],
    ['{{ list[0] {{ name }} }}', 'a variable stands where an operator is expected'],
    ['{{ list[1{{ index }}] }}', 'a variable stands beside a number'],
    ['{{ list[-{{ index }}] }}', ''],
    ["{{ echo('{{ name }}) }}", "a ' is not closed"],
    ['{{ "{{ name }} }}', 'a " is not closed'],
    ['{{ `{{ name }} }}', 'a ` is not closed'],
    ['{{ echo({{ name }}, `[1`) }}', 'is no JSON'],
    ['{{ `{ {{ name }}: 1 }` }}', 'is no JSON'],
    ['{{ `1{{ index }}` }}', 'is no JSON'],
    ['{{ "\\u00{{ index }}" }}', 'is no JSON'],
    ['{{ echo({{ name }} }}', 'does not parse'],
  ])('%s is refused while policies are read: %s', (text, problem) => {
    expect(() => compileTemplate(text, compile)).toThrow(problem);
    expect(() => compileTemplate(text, compile)).toThrow(ExpressionError);
  });
});

/** What breaks out of a string, a name, a literal, an expression or a variable where values are put in as text. */
const hostile = fc.oneof(
  fc.constantFrom(
    "') || echo('",
    "' || secret || '",
    '" || secret || "',
    '`, secret, `',
    '`"',
    '\\',
    "\\'",
    '\\`',
    '\\"',
    '\\\\',
    "'",
    '{{ secret }}',
    '{{ secret',
    '}}',
    '\\{{ secret }}',
    '$(/secret)',
    'secret',
    'secret.x',
    '[0]',
    '__proto__',
    'constructor',
    '\n\r\u2028\0',
    '\ud800',
  ),
  fc
    .array(fc.constantFrom(...'\'"`\\{}$()|.[]@ ab0', 'secret', '{{', '}}', '\n', '😀'), { maxLength: 12 })
    .map((all) => all.join('')),
  fc.string({ unit: 'binary' }),
);
const json = fc.json({ stringUnit: 'binary', maxDepth: 4 }).map((text): Json => JSON.parse(text));

describe('whatever a value is', () => {
  /** What a template comes to about a value `v`, beside a name that no policy here asks for. */
  function about(v: Json, tree: Json): Json {
    const scope = scopeOf({ v, secret: 'secret', o: typeof v === 'string' ? { [v]: 'its field' } : {} });
    const value = compileTemplate(tree, compile).render(scope, createRun(0));
    expect(scope.asked).not.toContain('secret');
    return value;
  }

  test('a text is exactly that text where it stands', () => {
    fc.assert(
      fc.property(hostile, (v) => {
        expect(about(v, '{{ v }}')).toBe(v);
        expect(about(v, '<{{ v }}{{ v }}>')).toBe(`<${v}${v}>`);
        expect(about(v, "{{ echo('{{ v }}') }}")).toEqual([v]);
        expect(about(v, "{{ echo('\\'{{ v }}\\\\-{{ v }}x', '{{ v }}', 'y') }}")).toEqual([`'${v}\\\\-${v}x`, v, 'y']);
        expect(about(v, "{{ echo('{{ echo('{{ v }}')[0] }}') }}")).toEqual([v]);
        expect(about(v, '{{ `"{{ v }}\\"{{ v }}"` }}')).toBe(`${v}"${v}`);
        expect(about(v, '{{ `[{{ v }}, "{{ v }}"]` }}')).toEqual([v, v]);
        expect(about(v, '{{ `{{ v }}` }}')).toBe(v);
        expect(about(v, '{{ o."{{ v }}" }}')).toBe('its field');
        expect(about(v, { '{{ v }}': 1 })).toEqual(JSON.parse(`{ ${JSON.stringify(v)}: 1 }`));
      }),
      { numRuns: 500 },
    );
  });

  test('any other value keeps its type, or is written as JSON', () => {
    fc.assert(
      fc.property(json, (v) => {
        fc.pre(typeof v !== 'string');
        const text = jsonText(v, uncounted);
        expect(about(v, '{{ v }}')).toBe(v);
        expect(about(v, '<{{ v }}')).toBe(`<${text}`);
        expect(about(v, "{{ echo('{{ v }}') }}")).toEqual([text]);
        expect(about(v, '{{ `[{{ v }}, "{{ v }}"]` }}')).toEqual([JSON.parse(text), text]);
        expect(about(v, '{{ echo({{ v }}) }}')).toEqual([JSON.parse(text)]);
      }),
    );
  });

  test('where a name or an index stands it is a plain one, or there is no value', () => {
    fc.assert(
      fc.property(hostile, (v) => {
        const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(v);
        const field = () => about(v, '{{ o.{{ v }} }}');
        if (plain) expect(field()).toBe('its field');
        else expect(field).toThrow('which is none');
        if (!plain) expect(() => about(v, '{{ {{ v }} }}')).toThrow('which is none');
        if (!/^-?(0|[1-9]\d*)$/.test(v)) expect(() => about(v, '{{ o[{{ v }}] }}')).toThrow('no whole number');
      }),
      { numRuns: 500 },
    );
  });

  test('what is harmless comes to what Kyverno makes of it, by putting the text in', () => {
    const outer = fc.constantFrom(
      "echo('|')",
      'echo(\'a|\', `"|b"`)',
      'o."|"',
      'o.|',
      'o.x|',
      '[o.|, `1`]',
      'o[?@ == `"|"`]',
      'o.* | [0].|',
    );
    fc.assert(
      fc.property(outer, fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/), (text, v) => {
        const scope = { v, o: { [v]: 'field', [`x${v}`]: 'other' } };
        const spliced = compile(text.replace('|)', ')').replaceAll(/\|(?! \[0\])/g, v)).evaluate(
          scopeOf(scope),
          createRun(0),
        );
        expect(rendered(`{{ ${text.replaceAll(/\|(?! \[0\])/g, '{{ v }}')} }}`, scope)).toEqual(spliced);
      }),
    );
  });
});

describe('what a value may cost', () => {
  test('a text that is too long for an expression is an error, and one that just fits is not', () => {
    expect(rendered("{{ length('{{ v }}') }}", { v: 'x'.repeat(8000) })).toBe(8000);
    expect(() => rendered("{{ length('{{ v }}') }}", { v: 'x'.repeat(9000) })).toThrow('longer than 8192 characters');
    expect(() => rendered("{{ length('{{ v }}') }}", { v: '\\'.repeat(3000) })).toThrow('longer than 8192 characters');
  });

  test('the same text is compiled once, and only so many are kept', () => {
    const texts: string[] = [];
    const template = compileTemplate("{{ echo('{{ v }}') }}", (text) => {
      texts.push(text);
      return compile(text);
    });
    const use = (v: string) => template.render(scopeOf({ v }), createRun(0));
    const read = texts.length;
    for (let at = 0; at < 3; at += 1) expect(use('same')).toEqual(['same']);
    expect(texts.length - read).toBe(1);
    for (let at = 0; at < 8; at += 1) use(`other ${at}`);
    use('other 7');
    expect(texts.length - read).toBe(9);
    use('same');
    expect(texts.length - read).toBe(10);
  });

  test('compiling is paid for', () => {
    const template = compileTemplate("{{ echo('{{ v }}') }}", compile);
    expect(() => template.render(scopeOf({ v: 'x'.repeat(5000) }), createRun(0, 5000))).toThrow(ExpressionTooCostly);
  });
});
