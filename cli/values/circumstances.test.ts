import { type AdmissionRequest, parseReview } from '../../shared/admission/review.ts';
import type { Json } from '../../shared/expression/value.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import { ruleOf } from '../../test/fixtures/questions.ts';
import { askedAbout, overlaid } from './circumstances.ts';
import type { Values } from './values.ts';

const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { a: 'b' } }, spec: {} };
const created: AdmissionRequest = (() => {
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      name: 'web',
      namespace: 'shop',
      userInfo: { username: 'someone' },
      object,
    },
  });
  if (parsed.kind !== 'review') throw new Error('no review');
  return parsed.request;
})();

const assign = (values: Readonly<Record<string, Json>>) =>
  Object.entries(values).map(([name, value]) => ({ name, steps: name.split('.'), value }));
const valuesOf = (parts: Partial<Values>): Values => ({
  global: [],
  policies: [],
  namespaces: new Map(),
  subresources: [],
  ...parts,
});
const plain = (tree: ReadonlyMap<string, Json> | undefined): unknown =>
  tree === undefined ? undefined : JSON.parse(JSON.stringify(Object.fromEntries(tree)));
const first = ruleOf([], { policy: 'first', name: 'check' });
const second = ruleOf([], { policy: 'apps/second', namespace: 'apps', name: 'autogen-check', autogenOf: 'check' });

function oneAsked(rules: readonly Rule[], ...rest: [Parameters<typeof askedAbout>[2]]) {
  const [asked, another] = askedAbout(rules, created, ...rest);
  if (asked === undefined || another !== undefined) throw new Error('one request was expected');
  return asked;
}

test('without values all rules are asked about the creation, as it is', () => {
  expect(askedAbout([first, second], created, {})).toEqual([
    { rules: [first, second], request: created, overlay: undefined },
  ]);
});

test('who asks is who the file says', () => {
  const user = { username: 'jane', groups: ['devs'] };
  expect(oneAsked([first], { user }).request.userInfo).toEqual(user);
});

test('an UPDATE has the object on both sides for expressions, and no old one for what is told apart from it', () => {
  const values = valuesOf({
    global: assign({ 'request.operation': 'UPDATE', 'request.oldObject.metadata.labels.c': 'd' }),
  });
  const { request, stated } = oneAsked([first], { values });
  expect(request).toMatchObject({ operation: 'UPDATE', object, oldObject: undefined });
  expect(plain(stated?.(first))).toEqual({
    request: {
      operation: 'UPDATE',
      oldObject: { ...object, metadata: { name: 'web', labels: { a: 'b', c: 'd' } } },
    },
  });
});

test('on DELETE there is the old object alone', () => {
  const { request } = oneAsked([first], { values: valuesOf({}), operation: 'DELETE' });
  expect(request).toMatchObject({ operation: 'DELETE', object: undefined, oldObject: object });
});

test("a test's own operation counts over the values'", () => {
  const values = valuesOf({ global: assign({ 'request.operation': 'DELETE' }) });
  const { request, stated } = oneAsked([first], { values, operation: 'CREATE' });
  expect(request).toMatchObject({ operation: 'CREATE', object });
  expect(plain(stated?.(first))).toEqual({ request: { operation: 'CREATE' } });
});

test("values are a policy's own, of a resource by its name and of a rule with those that auto-gen made of it", () => {
  const values = valuesOf({
    global: assign({ env: 'all', limit: 1 }),
    policies: [
      {
        name: 'second',
        resources: [
          { name: 'web', values: assign({ env: 'web' }) },
          { name: 'other', values: assign({ env: 'other' }) },
        ],
        rules: [
          { name: 'check', values: assign({ 'dictionary.data.a': 'x' }) },
          { name: 'another', values: assign({ dictionary: 'y' }) },
        ],
      },
    ],
  });
  const { stated } = oneAsked([first, second], { values });
  expect(plain(stated?.(first))).toEqual({ env: 'all', limit: 1 });
  expect(plain(stated?.(second))).toEqual({ env: 'web', limit: 1, dictionary: { data: { a: 'x' } } });
});

test('what values say of the object is in it, and policies of which they say another thing have a request of their own', () => {
  const values = valuesOf({
    policies: [
      {
        name: 'second',
        resources: [{ name: 'web', values: assign({ 'request.object.metadata.labels.c': 'd' }) }],
        rules: [],
      },
    ],
  });
  const asked = askedAbout([first, second], created, { values });
  expect(asked.map(({ rules }) => rules)).toEqual([[first], [second]]);
  expect(asked.map(({ overlay }) => JSON.parse(JSON.stringify(overlaid(object, overlay))))).toEqual([
    object,
    { ...object, metadata: { name: 'web', labels: { a: 'b', c: 'd' } } },
  ]);
  expect(plain(asked[1]?.stated?.(second))).toEqual({});
});

test('an object of a kind that stands for a subresource is a request to it', () => {
  const parent = { group: 'apps', version: 'v1', kind: 'Deployment' };
  const named = { group: '', version: 'v1', kind: 'Pod', parent, subresource: 'scale' };
  const { request } = oneAsked([first], { values: valuesOf({ subresources: [named] }) });
  expect(request).toMatchObject({ kind: parent, subResource: 'scale' });
  const others = valuesOf({ subresources: [{ ...named, version: 'v2' }] });
  expect(oneAsked([first], { values: others }).request).toMatchObject({ kind: created.kind, subResource: '' });
});
