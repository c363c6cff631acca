import { asFile, clusterPolicy, load, problemsOf, rule, warningsOf } from '../testing/policies.ts';
import { loadPolicies } from './load.ts';

type Json = Record<string, unknown>;

const configMap = (metadata: Json, more: Json = { data: { a: 'b' } }): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  ...more,
});
const policy = clusterPolicy({ rules: [rule({ context: [{ name: 'keys', configMap: { name: 'keys' } }] })] });

function mapsOf(...documents: readonly Json[]) {
  const [first] = load(policy, ...documents).rules;
  return first?.configMaps;
}

test('a ConfigMap beside the policies is there for their rules, in whatever order and file they stand', () => {
  const keys = configMap({ name: 'keys', namespace: 'trust', labels: { team: 'a' } });
  const expected = { metadata: { name: 'keys', namespace: 'trust', labels: { team: 'a' } }, data: { a: 'b' } };
  expect(mapsOf(keys)?.get('trust/keys')).toEqual(expected);
  expect(load(keys, policy).rules[0]?.configMaps.get('trust/keys')).toEqual(expected);
  const apart = loadPolicies([asFile(policy), { ...asFile(keys), name: 'keys.yaml' }]);
  expect(apart.rules.map(({ configMaps }) => configMaps.get('trust/keys'))).toEqual([expected, expected, expected]);
});

test('one without a namespace is in default; one without data has none', () => {
  expect(mapsOf(configMap({ name: 'keys' }))?.has('default/keys')).toBe(true);
  expect(mapsOf(configMap({ name: 'keys' }, {}))?.get('default/keys')?.data).toBeNull();
});

test('those of a list are read, as kubectl writes it', () => {
  const items = [configMap({ name: 'a' }), configMap({ name: 'b', namespace: 'x' })];
  const maps = mapsOf({ apiVersion: 'v1', kind: 'List', metadata: {}, items });
  expect([...(maps ?? new Map()).keys()]).toEqual(['default/a', 'x/b']);
});

test('what an API server writes is read over, and what is binary', () => {
  const written = {
    creationTimestamp: null,
    managedFields: [],
    resourceVersion: '1',
    uid: 'x',
    annotations: { a: 'b' },
  };
  const binary = { immutable: true, binaryData: { a: 'AA==' }, data: { b: 'c' } };
  const read = mapsOf(configMap({ name: 'keys', ...written }, binary))?.get('default/keys');
  expect(read?.data).toEqual({ b: 'c' });
  expect(warningsOf(policy, configMap({ name: 'keys' }))).toEqual([]);
});

test('variables in it mean nothing, and __proto__ is a key like any other', () => {
  const data = JSON.parse('{"__proto__": "x", "a": "{{ request.name }}", "b": "$(c)"}') as Json;
  const read = mapsOf(configMap({ name: 'keys' }, { data }))?.get('default/keys')?.data;
  expect(Object.entries(read ?? {})).toEqual(Object.entries(data));
});

describe('refused', () => {
  test('one that is defined twice, in one file or in two', () => {
    const again = 'ConfigMap default/keys is already defined: one of a name is read';
    const twice = [configMap({ name: 'keys' }), configMap({ name: 'keys', namespace: 'default' })] as const;
    expect(problemsOf(policy, ...twice)).toEqual([`metadata.name: ${again}`]);
    const [first, second] = twice;
    expect(() => loadPolicies([asFile(first), { ...asFile(second), name: 'b.yaml' }])).toThrow(`b.yaml:5: `);
    expect(problemsOf(policy, first, configMap({ name: 'keys', namespace: 'other' }))).toEqual([]);
  });

  test.each<[string, Json, string]>([
    ['without a name', configMap({ namespace: 'x' }), 'metadata: a ConfigMap must have a name'],
    ['without metadata', { apiVersion: 'v1', kind: 'ConfigMap', data: {} }, 'metadata: a ConfigMap must have a name'],
    [
      'with a field that is none',
      configMap({ name: 'a' }, { dat: {} }),
      "dat: unknown field 'dat'; did you mean 'data'?",
    ],
    ['with a number for a text', configMap({ name: 'a' }, { data: { n: 1 } }), 'data.n: a string is expected, this is'],
    ['with data that is a list', configMap({ name: 'a' }, { data: [] }), 'data: a mapping is expected, this is a list'],
  ])('one %s', (_, document, problem) => {
    expect(problemsOf(policy, document)[0]).toContain(problem);
    expect(problemsOf(policy, configMap({ name: 'a' }))).toEqual([]);
  });

  test('a Secret: what is in it is no policy, and is not told', () => {
    const [problem] = problemsOf(policy, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a' },
      data: { a: 'c2VjcmV0' },
    });
    expect(problem).toContain('v1 Secret is no policy');
    expect(problem).not.toContain('c2VjcmV0');
  });
});
