import type { JsonObject } from './json.ts';
import type { AdmissionRequest } from './review.ts';
import { type Subject, subjectOf } from './subject.ts';

const request: AdmissionRequest = {
  uid: 'a-1',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subResource: 'scale',
  operation: 'UPDATE',
  namespace: 'shop',
  name: 'api',
  dryRun: false,
  userInfo: { username: 'jane', groups: ['team-a'] },
  object: undefined,
  oldObject: undefined,
};

test("kind, namespace and operation are the request's; the rest is the object's own", () => {
  const subject = subjectOf(request, {
    metadata: { name: 'api', namespace: 'elsewhere', labels: { app: 'api' }, annotations: { team: 'x' } },
  });
  expect({ ...subject, labels: { ...subject.labels }, annotations: { ...subject.annotations } }).toEqual({
    group: 'apps',
    version: 'v1',
    kind: 'Deployment',
    subresource: 'scale',
    operation: 'UPDATE',
    namespace: 'shop',
    name: 'api',
    generateName: '',
    labels: { app: 'api' },
    annotations: { team: 'x' },
    user: { username: 'jane', groups: ['team-a'] },
    namespaceLabels: undefined,
    size: 11,
  });
});

test("an object without a name has the request's, and keeps its generateName", () => {
  const subject = subjectOf({ ...request, name: '' }, { metadata: { generateName: 'api-' } });
  expect([subject.name, subject.generateName]).toEqual(['', 'api-']);
  expect(subjectOf(request, {}).name).toBe('api');
});

test("a debug container's object has the metadata of the Pod that is there", () => {
  const through = { ...request, subResource: 'ephemeralcontainers', name: 'web' };
  const [written, running] = [{ metadata: { name: 'a', labels: { a: '1' } } }, { metadata: { labels: { b: '2' } } }];
  const seen = ({ name, labels }: Subject) => [name, { ...labels }];
  expect(seen(subjectOf({ ...through, oldObject: running }, written))).toEqual(['web', { b: '2' }]);
  expect(seen(subjectOf({ ...through, oldObject: running }, running))).toEqual(['web', { b: '2' }]);
  expect(seen(subjectOf(through, written))).toEqual(['a', { a: '1' }]);
  expect(seen(subjectOf({ ...through, subResource: '', oldObject: running }, written))).toEqual(['a', { a: '1' }]);
});

const entries = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, '']));

/** Objects that are just within Kubernetes' bounds, and with `more` of 1 just beyond. */
const beyond: readonly [string, (more: number) => JsonObject][] = [
  ['metadata.name is longer than 253 characters', (more) => ({ metadata: { name: 'n'.repeat(253 + more) } })],
  [
    'metadata.generateName is longer than 253 characters',
    (more) => ({ metadata: { generateName: 'n'.repeat(253 + more) } }),
  ],
  [
    'metadata.labels["a"] is longer than 63 characters',
    (more) => ({ metadata: { labels: { a: 'v'.repeat(63 + more) } } }),
  ],
  ...['labels', 'annotations'].map((key): [string, (more: number) => JsonObject] => [
    `metadata.${key}["${'k'.repeat(63)}"…] has a key longer than 317 characters`,
    (more) => ({ metadata: { [key]: { ['k'.repeat(317 + more)]: '' } } }),
  ]),
  [
    'metadata.annotations is longer than 262144 characters in all',
    (more) => ({ metadata: { annotations: { a: 'v'.repeat(200_000), b: 'v'.repeat(62_142 + more) } } }),
  ],
  [
    'metadata.labels is longer than 262144 characters in all',
    (more) => ({ metadata: { labels: { ...longLabels(4096), ['k'.repeat(more)]: '' } } }),
  ],
];
/** 64 characters each. */
const longLabels = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [String(at).padStart(4, '0'), 'v'.repeat(60)]));

test.each<[string, JsonObject]>([
  ['metadata must be an object', { metadata: 'x' }],
  ['metadata.name must be a string', { metadata: { name: 7 } }],
  ['metadata.labels must be an object', { metadata: { labels: ['a'] } }],
  ['metadata.labels["version"] must be a string', { metadata: { labels: { version: 1 } } }],
  ['metadata.annotations["a"] must be a string', { metadata: { annotations: { a: null } } }],
  ['metadata.labels has more than 10000 entries', { metadata: { labels: entries(10_001) } }],
  ...beyond.map(([problem, objectOf]): [string, JsonObject] => [problem, objectOf(1)]),
])('%s: refused, since a filter would read past it', (problem, object) => {
  expect(() => subjectOf(request, object)).toThrow(
    expect.objectContaining({ reason: 'object-malformed', message: problem }),
  );
});

test.each(beyond)('%s: what is within is read', (_, objectOf) => {
  expect(() => subjectOf(request, objectOf(0))).not.toThrow();
});

test("the request's name is bound as the object's is", () => {
  expect(() => subjectOf({ ...request, name: 'n'.repeat(254) }, {})).toThrow(
    expect.objectContaining({ reason: 'object-malformed' }),
  );
  expect(subjectOf({ ...request, name: 'n'.repeat(253) }, {}).name).toHaveLength(253);
});
