import fc from 'fast-check';
import type { Json, JsonObject } from '../../../shared/expression/value.ts';

/** A document in which variables stand, and what they are about. */
export interface Templated {
  readonly document: Json;
  readonly context: JsonObject;
}

/**
 * Texts that no variable's value turns into something else: Kyverno reads what it has substituted once more, and puts inner values into
 * outer expressions as they are. What Countersign does with values that have braces, quotes or dots is for its own tests.
 */
const word = fc.constantFrom('a', 'b', 'x', 'zz', 'a_b', 'A', 'a b', '1', '-', '', '<&>', '"', 'a\nb', '\t', '$');
const scalar = fc.oneof(word, fc.constantFrom<Json>(0, 1, -1, 2.5, 1e21, 100_000_000, 0.001, true, false, null));
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'b', '<'), scalar, { maxKeys: 2, noNullPrototype: true }),
  },
);
const context: fc.Arbitrary<JsonObject> = fc.record(
  {
    a: value,
    b: value,
    c: fc.record(
      { a: value, b: fc.record({ a: value }, { noNullPrototype: true }) },
      { noNullPrototype: true, requiredKeys: [] },
    ),
    list: fc.array(value, { maxLength: 3 }),
    name: fc.constantFrom('a', 'b', 'nothing', 'name'),
    at: fc.constantFrom(0, 1, -1, 5),
    plain: fc.constantFrom('q', 'xyz', 'A_1'),
  },
  { noNullPrototype: true, requiredKeys: ['name', 'at', 'plain'] },
);

const simple = fc.constantFrom(
  ...[
    'a',
    'b',
    'c.a',
    'c.b.a',
    'list',
    'list[0]',
    'list[]',
    'c',
    'name',
    'plain',
    'at',
    'nothing',
    'nothing.a',
    'c.nothing',
  ],
  ...[
    "nothing || 'd'",
    'a || b',
    "to_string(@.c || '')",
    'length(plain)',
    ' {x: a, y: b} ',
    ' {x: a}.x',
    "join('-', list)",
  ],
  ...['`1`', "'text'", '`{"a": 1}`', "'it\\'s'", 'a == b', '!a', '[a, b]', 'type(a)', 'a |', '', 'max(list)', 'a.b.c'],
);
const nested = fc.constantFrom(
  ...[
    '{{ name }}',
    'c.{{ name }}',
    'c."{{ name }}"',
    'list[{{ at }}]',
    "'{{ plain }}'",
    "contains('{{ plain }}', 'x')",
  ],
  ...[
    "join('{{ plain }}', list)",
    '`{{ at }}`',
    '`"{{ plain }}"`',
    "'<{{ plain }}>' == '<a>'",
    '{{ name }} || {{ plain }}',
  ],
  ...[" {x: '{{ plain }}'} ", 'c.{{ nothing }}', "'{{ plain }}-{{ name }}'", "'{{ {{ name }} || plain }}'"],
);
const expression = fc.oneof({ weight: 4, arbitrary: simple }, { weight: 1, arbitrary: nested });
const closing = fc.constantFrom(' }}', ' }}', '}}', '\n}}');
const variable = fc.tuple(fc.constantFrom('{{ ', '{{ ', '{{', '{{  '), expression, closing).map(join);
const lone = fc.tuple(fc.constantFrom('{{- ', '{{ - ', '{{'), expression, closing).map(join);
const escaped = fc.tuple(fc.constantFrom('\\{{ ', '\\\\{{'), expression, closing).map(join);
const words = fc.constantFrom('', ' ', 'x', '-', '/', '.', '}', '{}', '}}', '"', '\\', '\n', '$(', ')');
const reference = fc.constantFrom(
  ...['$(./../one)', '$(./../two)', '$(/one)', '$(/two/one)', '$(<=./../one)', '$(>./../two)', '\\$(./../one)'],
  ...['$(./../nothing)', '$()', '$(/two/0)', '$(./../../two)', '$(one)', '$(./one)', '$(/)'],
);
/** Begins with something that does not come to nothing: behind nothing Kyverno takes a variable for the whole text. */
const mixed = fc.tuple(
  fc.oneof(
    words.filter((each) => each !== ''),
    fc.tuple(variable, fc.constantFrom(' ', '-', '"')).map(join),
  ),
  fc.array(fc.oneof(variable, variable, words, escaped), { maxLength: 4 }).map(join),
);
const text = fc.oneof(
  { weight: 3, arbitrary: variable },
  { weight: 1, arbitrary: lone },
  { weight: 4, arbitrary: mixed.map(join) },
  { weight: 1, arbitrary: fc.tuple(words, reference, words).map(join) },
  { weight: 2, arbitrary: word },
);

const variableKey = fc.constantFrom(
  '{{ plain }}',
  'p-{{ plain }}',
  '{{ nothing }}',
  '{{ at }}',
  '{{ a }}',
  "p{{ nothing || '' }}",
);
const document = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'document', withCrossShrink: true },
    { weight: 6, arbitrary: text },
    { weight: 1, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('any'), { maxLength: 3 }) },
    {
      weight: 3,
      arbitrary: fc.dictionary(fc.constantFrom('one', 'two', '/'), tie('any'), { maxKeys: 3, noNullPrototype: true }),
    },
    // What stands under a key with variables Kyverno substitutes twice: nothing that a second time would find.
    { weight: 1, arbitrary: fc.tuple(variableKey, variable, text).map(([key, inner, two]) => ({ [key]: inner, two })) },
  ),
})).any;

export const templated: fc.Arbitrary<Templated> = fc.record({ document, context }, { noNullPrototype: true });

function join(parts: readonly string[]): string {
  return parts.join('');
}
