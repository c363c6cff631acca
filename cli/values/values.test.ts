import type { Json } from '../../shared/expression/value.ts';
import { Place } from '../../shared/policy/kyverno/place.ts';
import { Report } from '../../shared/policy/kyverno/report.ts';
import { readDocuments } from '../../shared/policy/kyverno/yaml/document.ts';
import { treeOf } from './assignments.ts';
import { type Values, valuesSchema } from './values.ts';

function read(spec: unknown): { readonly values: Values | undefined; readonly problems: readonly string[] } {
  const report = new Report('values.yaml');
  const [place = new Place(undefined, '', 1)] = readDocuments(JSON.stringify(spec), report);
  const values = valuesSchema(place, report);
  return { values, problems: report.problems.map(({ field, message }) => `${field}: ${message}`) };
}

const plain = (tree: ReadonlyMap<string, Json>): unknown => JSON.parse(JSON.stringify(Object.fromEntries(tree)));

test('values of all policies, of resources and of rules, labels of namespaces and subresources', () => {
  const { values, problems } = read({
    globalValues: { 'request.operation': 'UPDATE', 'limits.cpu': 2 },
    policies: [
      {
        name: 'p',
        resources: [{ name: 'web', values: { 'request.namespace': 'shop' } }],
        rules: [{ name: 'r', values: { 'dictionary.data.env': 'prod' }, foreachValues: { item: ['first', 'second'] } }],
      },
    ],
    namespaceSelector: [
      { name: 'shop', labels: { team: 'a' } },
      { name: 'other', labels: { team: 'b' } },
    ],
    namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other', labels: { team: 'c' } } }],
    subresources: [
      {
        subresource: { name: 'deployments/scale', kind: 'Scale', group: 'autoscaling', version: 'v1' },
        parentResource: { name: 'deployments', kind: 'Deployment', group: 'apps', version: 'v1' },
      },
    ],
  });
  expect(problems).toEqual([]);
  if (values === undefined) throw new Error('no values');
  expect(plain(treeOf(values.global))).toEqual({ request: { operation: 'UPDATE' }, limits: { cpu: 2 } });
  const [policy] = values.policies;
  expect(plain(treeOf(policy?.resources[0]?.values ?? []))).toEqual({ request: { namespace: 'shop' } });
  expect(plain(treeOf(policy?.rules[0]?.values ?? []))).toEqual({
    dictionary: { data: { env: 'prod' } },
    item: 'first',
  });
  expect(values.namespaces.get('shop')).toEqual({ team: 'a' });
  expect(values.namespaces.get('other')).toEqual({ team: 'c' });
  expect(values.subresources).toEqual([
    {
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      parent: { group: 'apps', version: 'v1', kind: 'Deployment' },
      subresource: 'scale',
    },
  ]);
});

test.each<[string, unknown, string]>([
  ['an unknown field', { globalValue: {} }, "globalValue: unknown field 'globalValue'; did you mean 'globalValues'?"],
  ['a name that is none', { globalValues: { 'a..b': 1 } }, 'globalValues["a..b"]: is no name of a variable'],
  ['values that are no mapping', { globalValues: ['a'] }, 'globalValues: a mapping of names to values is expected'],
  ['an operation that is none', { globalValues: { 'request.operation': 'PATCH' } }, '"PATCH" is no operation'],
  ['a policy without a name', { policies: [{ rules: [] }] }, 'policies[0]: a name is required'],
  [
    'a subresource without a part',
    {
      subresources: [
        {
          subresource: { name: 'scale', kind: 'Scale', version: 'v1' },
          parentResource: { kind: 'Pod', version: 'v1' },
        },
      ],
    },
    'must be of the form resource/subresource',
  ],
  [
    'foreach values that are no lists',
    { policies: [{ name: 'p', rules: [{ name: 'r', foreachValues: { a: 1 } }] }] },
    'a list with an element',
  ],
])('%s is refused by its field', (_, spec, message) => {
  const { problems } = read(spec);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(message);
});

test('of two values with one name the later counts, and __proto__ is a name like any other', () => {
  const { values } = read(JSON.parse('{"globalValues":{"a.b":1,"a.c":2,"__proto__.polluted":true}}'));
  const later = { name: 'a.b', steps: ['a', 'b'], value: 3 };
  const tree = treeOf([...(values?.global ?? []), later]);
  expect(JSON.stringify([...tree])).toBe('[["a",{"b":3,"c":2}],["__proto__",{"polluted":true}]]');
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
