import type { JsonObject } from './json.ts';
import type { AdmissionRequest } from './review.ts';
import { subjectOf } from './subject.ts';

const request: AdmissionRequest = {
  uid: 'a-1',
  kind: { group: 'apps', version: 'v1', kind: 'Deployment' },
  resource: { group: 'apps', version: 'v1', resource: 'deployments' },
  subResource: 'scale',
  operation: 'UPDATE',
  namespace: 'shop',
  name: 'api',
  dryRun: false,
  userInfo: { username: '', groups: [] },
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
  });
});

test("an object without a name has the request's, and keeps its generateName", () => {
  const subject = subjectOf({ ...request, name: '' }, { metadata: { generateName: 'api-' } });
  expect([subject.name, subject.generateName]).toEqual(['', 'api-']);
  expect(subjectOf(request, {}).name).toBe('api');
});

test.each<[string, JsonObject]>([
  ['metadata must be an object', { metadata: 'x' }],
  ['metadata.name must be a string', { metadata: { name: 7 } }],
  ['metadata.labels must be an object', { metadata: { labels: ['a'] } }],
  ['metadata.labels["version"] must be a string', { metadata: { labels: { version: 1 } } }],
  ['metadata.annotations["a"] must be a string', { metadata: { annotations: { a: null } } }],
])('%s: refused, since a filter would read past it', (problem, object) => {
  expect(() => subjectOf(request, object)).toThrow(
    expect.objectContaining({ code: 'object-malformed', message: problem }),
  );
});
