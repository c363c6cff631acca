import { compileExpression, createRun, functionTable } from '../../shared/expression/engine.ts';
import { ExpressionError } from '../../shared/expression/error.ts';
import { nothing } from '../../shared/expression/scope.ts';
import type { Json, JsonObject } from '../../shared/expression/value.ts';
import { loadRegExps } from '../../shared/regexp.ts';
import { compare } from './kyverno/comparison.ts';
import { comparisons, render } from './kyverno/comparisons.ts';
import { type Oracle, startOracle } from './kyverno/oracle.ts';

// What is said in policies means here what it means in Kyverno, but for what is named here.

let oracle: Oracle;

beforeAll(async () => {
  await loadRegExps();
  oracle = await startOracle();
});

afterAll(async () => {
  await oracle?.stop();
});

test.each(comparisons)('$name: Kyverno answers as we do', async ({ cases }) => {
  const { valued, differences } = await compare(oracle, cases(20_261_128, 10_000));
  expect(differences.slice(0, 10)).toEqual([]);
  expect(valued).toBeGreaterThan(5000);
});

/** What Kyverno does and Countersign does not. The generators of questions keep away from these. */
const otherwise: readonly {
  readonly why: string;
  readonly document: Json;
  readonly context: JsonObject;
  readonly kyverno: Json;
  /** What it also comes to: it changes a map while it walks over it, and Go walks in any order. */
  readonly orElse?: Json;
  /** `undefined`: refused. */
  readonly ours?: Json;
}[] = [
  {
    why: 'what a value holds is never read as a variable, even as a part of a text',
    document: 'it is {{ title }}',
    context: { title: '{{ secret }}', secret: 'told' },
    kyverno: 'it is told',
    ours: 'it is {{ secret }}',
  },
  {
    why: 'a value inside an expression stays in its place, whatever quotes it has',
    document: "{{ starts_with('{{ name }}', 'good') }}",
    context: { name: "x', 'x') || starts_with('good" },
    kyverno: true,
    ours: false,
  },
  {
    why: 'a value in the place of a name is one name, not a path',
    document: '{{ request.{{ field }} }}',
    context: { field: 'a.b', request: { a: { b: 1 } } },
    kyverno: 1,
  },
  {
    why: 'a text of two variables is a text, though the first comes to nothing',
    document: '{{ a }}{{ b }}',
    context: { a: '', b: 1 },
    kyverno: 1,
    ours: '1',
  },
  {
    why: 'each variable of a text is substituted, whatever stands before it',
    document: '{{- a }}{{ b }}',
    context: { a: 'x', b: 'y' },
    kyverno: 'x{{ b }}',
    ours: 'xy',
  },
  {
    why: 'an escape holds in keys too',
    document: { '\\{{ a }}': 1 },
    context: { a: 'x' },
    kyverno: { x: 1 },
    orElse: { '{{ a }}': 1 },
    ours: { '{{ a }}': 1 },
  },
  {
    why: 'what stands under a key with variables is substituted once',
    document: { '{{ a }}': { b: '\\{{ c }}' } },
    context: { a: 'x', c: 1 },
    kyverno: { x: { b: 1 } },
    orElse: { x: { b: '{{ c }}' } },
    ours: { x: { b: '{{ c }}' } },
  },
  {
    why: 'a key that comes to nothing is refused, and none that overwrites another one is made',
    document: { '{{ a }}': 1 },
    context: { a: null },
    kyverno: { '{{ a }}': 1 },
  },
  {
    why: 'braces of a variable are never left in a text as they are',
    document: '{{ `{"a": {"b": 1}}` }}',
    context: {},
    kyverno: '{{ `{"a": {"b": 1}}` }}',
  },
  {
    why: 'a reference names a text',
    document: { a: { b: 1 }, c: 'see $(./../a)' },
    context: {},
    kyverno: { a: { b: 1 }, c: 'see b' },
  },
];

test.each(otherwise)('$why', async ({ document, context, kyverno, orElse = kyverno, ours }) => {
  const [asked] = await oracle.askAll([{ op: 'substitute', document, context }]);
  expect([{ value: kyverno }, { value: orElse }]).toContainEqual(asked);
  if (ours === undefined) expect(() => render(document, context)).toThrow();
  else expect(render(document, context)).toEqual(ours);
});

test('a letter that takes more than one byte may stand before a variable', async () => {
  const context = { a: 'x' };
  expect(await oracle.askAll([{ op: 'substitute', document: 'é{{ a }}', context }])).toMatchObject([{ error: {} }]);
  expect(render('é{{ a }}', context)).toBe('éx');
});

const calledOtherwise: readonly {
  readonly why: string;
  readonly call: string;
  readonly kyverno: Json;
  readonly ours?: Json;
}[] = [
  {
    why: 'the average of no numbers is null',
    call: 'avg(`[]`) == `null`',
    kyverno: false,
    ours: true,
  },
  {
    why: 'what is no version has no place in a range',
    call: "semver_compare('latest', '<1.0.0')",
    kyverno: true,
  },
  {
    why: 'two documents of YAML are not taken for the first',
    call: "parse_yaml('--- a\n--- b')",
    kyverno: 'a',
  },
  {
    why: 'the last line of a text in YAML ends as the others do',
    call: "parse_yaml('|\n  a')",
    kyverno: 'a',
    ours: 'a\n',
  },
  {
    why: 'bytes that are no text are none',
    call: "base64_decode('//8=')",
    kyverno: '\ufffd\ufffd',
  },
];

test.each(calledOtherwise)('$why', async ({ call, kyverno, ours }) => {
  expect(await oracle.askAll([{ op: 'jmespath', expression: call, context: {} }])).toEqual([{ value: kyverno }]);
  const called = () => compileExpression(call, functionTable).evaluate(nothing, createRun(0));
  if (ours === undefined) expect(called).toThrow(ExpressionError);
  else expect(called()).toEqual(ours);
});
