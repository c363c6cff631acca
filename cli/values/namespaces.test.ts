import { type AdmissionRequest, parseReview } from '../../shared/admission/review.ts';
import { labelsAmong } from './namespaces.ts';

function created(apiVersion: string, kind: string, name: string, metadata: unknown): AdmissionRequest {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group, version, kind },
      operation: 'CREATE',
      name,
      userInfo: { username: 'someone' },
      object: { apiVersion, kind, metadata },
    },
  });
  if (parsed.kind !== 'review') throw new Error('no review');
  return parsed.request;
}
const namespace = (name: string, metadata: unknown) => created('v1', 'Namespace', name, metadata);
const named = (name: string) => ({ 'kubernetes.io/metadata.name': name });
const found = (...requests: AdmissionRequest[]) => Object.fromEntries(labelsAmong(requests));

test('labels are those of the document and the one that API servers set', () => {
  const lie = { team: 'shop', 'kubernetes.io/metadata.name': 'kube-system' };
  expect(found(namespace('shop', { labels: lie }), namespace('bare', {}), namespace('none', { labels: null }))).toEqual(
    {
      shop: { team: 'shop', ...named('shop') },
      bare: named('bare'),
      none: named('none'),
    },
  );
});

test('objects of other kinds and groups say nothing', () => {
  const labels = { team: 'shop' };
  expect(found(created('v1', 'Pod', 'a', { labels }), created('x.dev/v1', 'Namespace', 'a', { labels }))).toEqual({});
});

test.each([[['team']], ['team=shop'], [{ team: 1 }], [{ team: null }]])('labels %j are none', (labels) => {
  expect(found(namespace('shop', { labels }))).toEqual({});
});

test('two that agree count, two that differ say nothing, nor does a third', () => {
  const one = namespace('shop', { labels: { a: '1', b: '2' } });
  expect(found(one, namespace('shop', { labels: { b: '2', a: '1' } }))).toHaveProperty('shop');
  const other = namespace('shop', { labels: { a: '2' } });
  expect(found(one, other)).toEqual({});
  expect(found(one, other, other)).toEqual({});
});

test('a label __proto__ is one like any other', () => {
  const labels = JSON.parse('{"__proto__": "x", "a": "b"}');
  const [only] = labelsAmong([namespace('shop', { labels })]).values();
  expect(Object.entries(only ?? {})).toEqual([['__proto__', 'x'], ['a', 'b'], ...Object.entries(named('shop'))]);
});
