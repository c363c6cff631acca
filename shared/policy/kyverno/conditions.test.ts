import { operators } from '../../expression/operators.ts';
import { createRun } from '../../expression/run.ts';
import { scopeOf } from '../../expression/testing/templates.ts';
import { PolicyLoadError } from '../problems.ts';
import { clusterPolicy, entry, load, loadRule, problemsOf, rule } from '../testing/policies.ts';
import { loadPolicies } from './load.ts';

type Json = Record<string, unknown>;

const withPreconditions = (preconditions: unknown) => clusterPolicy({ rules: [rule({ preconditions })] });
const withConditions = (conditions: unknown) =>
  clusterPolicy({ rules: [rule({ verifyImages: [entry({ attestations: [{ type: 'a', conditions }] })] })] });
const withDeny = (conditions: unknown) =>
  clusterPolicy({
    rules: [rule({ verifyImages: [entry({ attestations: [{ type: 'a' }], validate: { deny: { conditions } } })] })],
  });
const met = { key: 1, operator: 'Equals', value: 1 };
const unmet = { key: 1, operator: 'Equals', value: 2 };

/** Where each of the three kinds stands in a policy. */
const places = {
  preconditions: 'spec.rules[0].preconditions',
  conditions: 'spec.rules[0].verifyImages[0].attestations[0].conditions',
  deny: 'spec.rules[0].verifyImages[0].validate.deny.conditions',
};

function isMet(preconditions: unknown): boolean | undefined {
  return loadRule({ preconditions }).preconditions?.test(scopeOf({}), createRun(0)).met;
}

describe('any and all', () => {
  test.each<[Json, boolean]>([
    [{ all: [met, met] }, true],
    [{ all: [met, unmet] }, false],
    [{ any: [unmet, met] }, true],
    [{ any: [unmet, unmet] }, false],
    [{ any: [met], all: [unmet] }, false],
    [{ any: [unmet], all: [met] }, false],
    [{ any: [unmet, met], all: [met] }, true],
  ])('%j: %s', (block, expected) => {
    expect(isMet(block)).toBe(expected);
  });

  test('a plain list, as of old, is all of them: in preconditions and in deny', () => {
    expect(isMet([met, met])).toBe(true);
    expect(isMet([met, unmet])).toBe(false);
    expect(problemsOf(withDeny([met]))).toEqual([]);
  });

  test("attestations' conditions are a list of blocks, and nothing else", () => {
    expect(problemsOf(withConditions([{ any: [met] }, { all: [met] }]))).toEqual([]);
    expect(problemsOf(withConditions({ any: [met] }))).toEqual([
      `${places.conditions}: a list is expected, this is a mapping`,
    ]);
    expect(problemsOf(withConditions([met]))[0]).toContain(`${places.conditions}[0].key: unknown field 'key'`);
  });

  test('an any that lists nothing is refused where it stands: what it means depends on where Kyverno meets it', () => {
    expect(problemsOf(withPreconditions({ any: [], all: [met] }))).toEqual([
      `${places.preconditions}.any: lists no condition: write one, or leave it out`,
    ]);
    expect(problemsOf(withConditions([{ any: [], all: [met] }]))).toEqual([
      `${places.conditions}[0].any: lists no condition: write one, or leave it out`,
    ]);
    expect(problemsOf(withPreconditions({ all: [] }))).toEqual([]);
  });

  test('what is empty asks for nothing', () => {
    for (const empty of [null, {}, [], { all: [] }])
      expect(loadRule({ preconditions: empty }).preconditions).toBeUndefined();
    expect(problemsOf(withConditions([]))).toEqual([]);
  });

  test('blocks of attestations that ask nothing are refused: a slip would let in whatever is attested', () => {
    for (const blocks of [[{}], [{ all: [] }], [{}, { all: [] }]])
      expect(problemsOf(withConditions(blocks))).toEqual([
        `${places.conditions}: ask nothing, and whatever is attested would do: write any or all`,
      ]);
    expect(problemsOf(withConditions([{}, { all: [met] }]))).toEqual([]);
  });
});

describe.each<[keyof typeof places, (block: Json) => Json, string]>([
  ['preconditions', withPreconditions, places.preconditions],
  ['conditions', (block) => withConditions([block]), `${places.conditions}[0]`],
  ['deny', withDeny, places.deny],
])('a condition in %s', (_, policy, place) => {
  const one = (condition: unknown) => problemsOf(policy({ all: [met, condition] }));
  const at = `${place}.all[1]`;

  test('has every operator in any case', () => {
    for (const operator of operators) {
      const numbers = { key: 1, operator, value: 1 };
      expect(one(numbers)).toEqual([]);
      expect(one({ ...numbers, operator: operator.toLowerCase() })).toEqual([]);
    }
  });

  test.each<[string, unknown, string]>([
    [
      'an operator that is none',
      { ...met, operator: 'Equls' },
      ".operator: 'Equls' is no operator: write one of Equal",
    ],
    ['an operator that is no text', { ...met, operator: 1 }, '.operator: a string is expected, this is'],
    ['no operator', { key: 1, value: 1 }, ': entered condition has no operator'],
    ['no key', { operator: 'Equals', value: 1 }, ': entered condition has no key'],
    ['a null for its key', { ...met, key: null }, ': entered condition has no key'],
    ['a field that is none', { ...met, keys: 1 }, ".keys: unknown field 'keys'; did you mean 'key'?"],
    ['a message that is no text', { ...met, message: 1 }, '.message: a string is expected'],
    ['an expression that does not parse', { ...met, key: '{{ foo( }}' }, '.key: {{ foo( }}: '],
    ['a value that does not parse', { ...met, value: ['a', '{{ [0 }}'] }, '.value[1]: {{ [0 }}: '],
    ['braces that are not closed', { ...met, key: '{{ request.name }' }, '.key: braces are opened'],
    ['a function that there is not', { ...met, key: "{{ tme_since('') }}" }, ".key: {{ tme_since('') }}: "],
  ])('%s is refused where it stands', (_what, condition, problem) => {
    const problems = one(condition);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${at}${problem}`);
    expect(one(met)).toEqual([]);
  });

  test('with a reference that leads nowhere is refused, and named', () => {
    expect(one({ ...met, key: '$(./nothing)' })).toEqual([
      expect.stringContaining('all[1].key: "$(./nothing)" names no text'),
    ]);
  });

  test('may leave out its value, and says so with null', () => {
    expect(one({ key: 1, operator: 'Equals' })).toEqual([]);
  });

  test('is one of 200 at most', () => {
    const many = (count: number) => problemsOf(policy({ all: Array.from({ length: count }, () => met) }));
    expect(many(200)).toEqual([]);
    expect(many(201)).toEqual([`${place}.all: has 201 conditions: more than 200`]);
  });
});

test('a problem names the line of the expression', () => {
  const text = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: a}
spec:
  validationFailureAction: Enforce
  rules:
    - name: r
      match: {any: [{resources: {kinds: [Pod]}}]}
      preconditions:
        all:
          - key: "{{ request.name }}"
            operator: Equals
            value: "{{ request. }}"
      verifyImages: [{imageReferences: ['*'], required: false}]
`;
  const load = () => loadPolicies([{ name: 'a.yaml', text }]);
  expect(load).toThrow(PolicyLoadError);
  expect(load).toThrow('a.yaml:13: spec.rules[0].preconditions.all[0].value: {{ request. }}: ');
});

test('__proto__ in a key or a value is a field like any other', () => {
  const value = JSON.parse('{"__proto__": {"a": 1}}') as Json;
  expect(isMet({ all: [{ key: value, operator: 'Equals', value }] })).toBe(true);
  expect(isMet({ all: [{ key: value, operator: 'Equals', value: {} }] })).toBe(false);
});

test('a set that does not load leaves no rule behind', () => {
  expect(() => load(withPreconditions({ all: [{ key: 1 }] }))).toThrow(PolicyLoadError);
});
