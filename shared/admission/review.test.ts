import { parseReview } from './review.ts';
import { subjectOf } from './subject.ts';

const pod = { metadata: { name: 'web', labels: { app: 'web' } }, spec: { containers: [] } };
const request = {
  uid: 'a-1',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  resource: { group: '', version: 'v1', resource: 'pods' },
  operation: 'CREATE',
  namespace: 'shop',
  name: 'web',
  userInfo: { username: 'dev', groups: ['a', 'b'] },
  object: pod,
  oldObject: null,
  dryRun: true,
};

function review(change: Record<string, unknown> = {}): unknown {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...request, ...change } };
}

test('a review is read under the names of the API', () => {
  expect(parseReview(review())).toEqual({
    kind: 'review',
    request: {
      uid: 'a-1',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      subResource: '',
      operation: 'CREATE',
      namespace: 'shop',
      name: 'web',
      dryRun: true,
      userInfo: { username: 'dev', groups: ['a', 'b'] },
      object: pod,
      oldObject: undefined,
    },
  });
});

test('what Kubernetes leaves out reads as empty', () => {
  const parsed = parseReview(
    review({ namespace: undefined, name: undefined, dryRun: undefined, userInfo: undefined, resource: undefined }),
  );
  expect(parsed).toMatchObject({
    kind: 'review',
    request: { namespace: '', name: '', dryRun: false, userInfo: { username: '', groups: [] } },
  });
});

test('what the client asked for, and who it is, is kept where the API server says it', () => {
  const more = {
    requestKind: { group: 'apps', version: 'v1beta1', kind: 'Deployment' },
    requestResource: { group: 'apps', version: 'v1beta1', resource: 'deployments' },
    requestSubResource: 'status',
    userInfo: { username: 'dev', uid: 'u-1', groups: [], extra: { 'a/b': ['c'], none: null } },
    options: { kind: 'CreateOptions' },
  };
  expect(parseReview(review(more))).toMatchObject({ kind: 'review', request: more });
  const { request: without } = Object(
    parseReview(review({ options: null, requestKind: null, requestSubResource: '' })),
  );
  for (const field of Object.keys(more)) expect(without[field] !== undefined).toBe(field === 'userInfo');
  expect(without.userInfo).toEqual({ username: expect.any(String), groups: expect.any(Array) });
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['text', 'AdmissionReview'],
  ['a list', [review()]],
  ['another kind', { ...Object(review()), kind: 'List' }],
  ['v1beta1', { ...Object(review()), apiVersion: 'admission.k8s.io/v1beta1' }],
  ['no request', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }],
  ['a request that is a list', { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: [] }],
  ['no uid', review({ uid: undefined })],
  ['an empty uid', review({ uid: '' })],
  ['a uid that is a number', review({ uid: 7 })],
  ['an endless uid', review({ uid: 'x'.repeat(129) })],
  ['fields that are only inherited', JSON.parse(`{"__proto__": ${JSON.stringify(review())}}`)],
])('%s: there is no uid to answer', (_, body) => {
  expect(parseReview(body)).toMatchObject({ kind: 'no-review' });
});

test.each([
  ['kind', undefined, 'request.kind is missing'],
  ['kind', 'Pod', 'request.kind must be an object'],
  ['kind', { kind: 7 }, 'request.kind.kind must be a string'],
  ['operation', undefined, 'request.operation'],
  ['operation', 'create', 'request.operation'],
  ['operation', 'constructor', 'request.operation'],
  ['object', null, 'request.object is missing'],
  ['object', 'text', 'request.object must be an object'],
  ['object', [], 'request.object must be an object'],
  ['oldObject', 7, 'request.oldObject must be an object'],
  ['namespace', {}, 'request.namespace must be a string'],
  ['name', [], 'request.name must be a string'],
  ['subResource', 1, 'request.subResource must be a string'],
  ['resource', 'pods', 'request.resource must be an object'],
  ['dryRun', 'false', 'request.dryRun must be a boolean'],
  ['userInfo', 'dev', 'request.userInfo must be an object'],
  ['userInfo', { groups: 'all' }, 'request.userInfo.groups'],
  ['userInfo', { groups: [1] }, 'request.userInfo.groups'],
  ['userInfo', { uid: 1 }, 'request.userInfo.uid must be a string'],
  ['userInfo', { extra: ['a'] }, 'request.userInfo.extra must be an object'],
  ['userInfo', { extra: { a: 'b' } }, 'request.userInfo.extra must be of lists of strings'],
  ['requestKind', 'Pod', 'request.requestKind must be an object'],
  ['requestKind', { kind: 1 }, 'request.requestKind.kind must be a string'],
  ['requestResource', { resource: 1 }, 'request.requestResource.resource must be a string'],
  ['requestSubResource', 1, 'request.requestSubResource must be a string'],
  ['options', [], 'request.options must be an object'],
])('%s of %j is answered under its uid', (field, value, problem) => {
  const parsed = parseReview(review({ [field]: value }));
  expect(parsed).toMatchObject({ kind: 'malformed', uid: 'a-1', problem: expect.stringContaining(problem) });
});

test('a deletion has no object, and needs none', () => {
  const parsed = parseReview(review({ operation: 'DELETE', object: null, oldObject: pod }));
  expect(parsed).toMatchObject({ kind: 'review', request: { object: undefined, oldObject: pod } });
});

describe('a __proto__ key in the object is a key like any other', () => {
  const body = JSON.stringify(review()).replace('"labels":{', '"labels":{"__proto__":"x","constructor":"y",');

  test('the review is read, and nothing is inherited', () => {
    const parsed = parseReview(JSON.parse(body));
    if (parsed.kind !== 'review' || parsed.request.object === undefined) throw new Error('not read');
    const subject = subjectOf(parsed.request, parsed.request.object);
    expect(Object.entries(subject.labels)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
      ['app', 'web'],
    ]);
    expect(subject.annotations['constructor']).toBe(undefined);
    expect(({} as Record<string, unknown>)['x']).toBe(undefined);
  });

  test('metadata under __proto__ is no metadata', () => {
    const parsed = parseReview(JSON.parse(body.replace('"metadata"', '"__proto__"')));
    if (parsed.kind !== 'review' || parsed.request.object === undefined) throw new Error('not read');
    expect(subjectOf(parsed.request, parsed.request.object).labels['app']).toBe(undefined);
  });
});

test('deep nesting in the object costs nothing', () => {
  const depth = 100_000;
  const parsed = parseReview(JSON.parse(JSON.stringify(review()).replace('[]', '['.repeat(depth) + ']'.repeat(depth))));
  expect(parsed.kind).toBe('review');
});
