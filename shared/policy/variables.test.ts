import { type AdmissionRequest, parseReview } from '../admission/review.ts';
import { ExpressionError, ExpressionTooCostly } from '../expression/error.ts';
import { createRun, uncounted } from '../expression/run.ts';
import { layered, lazily, type Scope } from '../expression/scope.ts';
import { compile } from '../expression/testing/templates.ts';
import type { Json } from '../expression/value.ts';
import { imageScope, variablesOf, withPredicate } from './variables.ts';

const pod = {
  metadata: { name: 'web', labels: { app: 'shop' } },
  spec: {
    containers: [
      { name: 'main', image: 'nginx' },
      { name: '__proto__', image: 'ghcr.io/org/side:v1' },
      { name: 'none' },
    ],
    initContainers: [{ name: 'init', image: 'busybox:1' }],
    volumes: [{ name: 'data', image: { reference: 'ghcr.io/org/data' } }],
  },
};

function request(change: Record<string, unknown> = {}): AdmissionRequest {
  const parsed = parseReview({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      requestKind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      namespace: 'shop',
      name: 'web',
      userInfo: {
        username: 'system:serviceaccount:ci:deployer',
        uid: 'user-1',
        groups: ['system:authenticated'],
        extra: { 'a/b': ['c'], n: null },
      },
      object: pod,
      options: { kind: 'CreateOptions' },
      dryRun: false,
      ...change,
    },
  });
  if (parsed.kind !== 'review') throw new Error(JSON.stringify(parsed));
  return parsed.request;
}

function evaluate(text: string, scope: Scope): Json {
  return compile(text).evaluate(scope, createRun(0));
}

describe('of a request', () => {
  test.each<[string, Json]>([
    ['request.uid', 'u'],
    ['request.kind', { group: '', version: 'v1', kind: 'Pod' }],
    ['request.requestKind.kind', 'Pod'],
    ['request.resource.resource', 'pods'],
    ['request.operation', 'CREATE'],
    ['request.namespace', 'shop'],
    ['request.name', 'web'],
    ['request.dryRun', false],
    ['request.options.kind', 'CreateOptions'],
    ['request.object.metadata.labels.app', 'shop'],
    ['request.oldObject', null],
    ['request.userInfo.username', 'system:serviceaccount:ci:deployer'],
    ['request.userInfo.uid', 'user-1'],
    ['request.userInfo.groups[0]', 'system:authenticated'],
    ['request.userInfo.extra."a/b"', ['c']],
    ['serviceAccountName', 'deployer'],
    ['serviceAccountNamespace', 'ci'],
    ['images.containers.main.reference', 'docker.io/nginx:latest'],
    ['images.containers.main.jsonPointer', '/spec/containers/0/image'],
    ['images.containers."__proto__".path', 'org/side'],
    ['images.initContainers.init.tag', '1'],
    ['images.*.*.registry[]', ['docker.io', 'ghcr.io', 'docker.io'].toSorted()],
    ['keys(images)', ['containers', 'initContainers']],
  ])('%s is %j', (text, expected) => {
    const value = evaluate(text, variablesOf(request()));
    expect(Array.isArray(value) ? value.toSorted() : value).toEqual(expected);
  });

  test.each([
    'request.subResource',
    'request.requestResource',
    'request.roles',
    'request.clusterRoles',
    'request.toString',
    'images.volumes',
    'images.containers.none',
    'images.ephemeralContainers',
    'image',
    'element',
    'constructor',
  ])('%s is not there', (text) => {
    expect(() => evaluate(text, variablesOf(request()))).toThrow('Unknown key');
  });

  test('what is empty is not there, as Go writes it', () => {
    const scope = variablesOf(request({ name: '', namespace: '', userInfo: {}, options: undefined }));
    expect(() => evaluate('request.name', scope)).toThrow('Unknown key "name"');
    expect(() => evaluate('request.namespace', scope)).toThrow('Unknown key "namespace"');
    expect(evaluate('request.userInfo', scope)).toEqual({});
    expect(evaluate('request.options', scope)).toBe(null);
    expect(evaluate('[serviceAccountName, serviceAccountNamespace]', scope)).toEqual(['', '']);
  });

  test.each([
    'alice',
    'system:serviceaccount:',
    'system:serviceaccount:a',
    'a-long-name-of-a-user:x:ns:name',
    'system:serviceaccount:a:b:c',
  ])('the user %s is no service account', (username) => {
    const scope = variablesOf(request({ userInfo: { username } }));
    expect(evaluate('[serviceAccountName, serviceAccountNamespace]', scope)).toEqual(['', '']);
  });

  test('on DELETE the object is the one that was there', () => {
    const scope = variablesOf(request({ operation: 'DELETE', object: null, oldObject: pod }));
    expect(evaluate('request.object.metadata.name', scope)).toBe('web');
    expect(evaluate('request.oldObject.metadata.name', scope)).toBe('web');
    expect(evaluate("images || ''", scope)).toBe('');
  });

  test('on UPDATE both are there', () => {
    const scope = variablesOf(request({ operation: 'UPDATE', oldObject: { metadata: { name: 'old' } } }));
    expect(evaluate('[request.object.metadata.name, request.oldObject.metadata.name]', scope)).toEqual(['web', 'old']);
  });

  test('the images of a controller are those of its template', () => {
    const object = { spec: { template: { spec: { containers: [{ name: 'main', image: 'app' }] } } } };
    const scope = variablesOf(request({ kind: { group: 'apps', version: 'v1', kind: 'Deployment' }, object }));
    expect(evaluate('images.containers.main.jsonPointer', scope)).toBe('/spec/template/spec/containers/0/image');
  });

  test('an image that does not parse is an error where images are asked for, and nowhere else', () => {
    const scope = variablesOf(request({ object: { spec: { containers: [{ name: 'a', image: 'A B' }] } } }));
    expect(evaluate('request.name', scope)).toBe('web');
    expect(() => evaluate('images.containers.a.tag', scope)).toThrow(ExpressionError);
    expect(() => evaluate("images.containers.a.tag || 'x'", scope)).toThrow('"A B" is no image reference');
    const malformed = variablesOf(request({ object: { spec: { containers: 'all' } } }));
    expect(() => evaluate('images', malformed)).toThrow('/spec/containers must be a list');
  });
});

describe('with a predicate', () => {
  const context = lazily(new Map<string, () => Json>([['limits', () => ({ high: 1 })]]));
  const base = layered(imageScope('nginx:1'), context, variablesOf(request()));

  test('its fields are names of the root', () => {
    const predicate: Json = JSON.parse('{ "scanner": { "vendor": "x" }, "__proto__": 1, "n": null }');
    const scope = withPredicate(base, Object(predicate), uncounted);
    expect(evaluate('scanner.vendor', scope)).toBe('x');
    expect(evaluate('"__proto__"', scope)).toBe(1);
    expect(evaluate('n', scope)).toBe(null);
    expect(evaluate('request.name', scope)).toBe('web');
    expect(() => evaluate('constructor', scope)).toThrow('Unknown key');
    expect([...scope.names()]).toEqual(expect.arrayContaining(['scanner', '__proto__', 'request', 'image', 'limits']));
    expect(evaluate('@.scanner.vendor', scope)).toBe('x');
  });

  test.each<[string, Json, string, Json]>([
    ['the request', { request: { namespace: 'admin' } }, 'request.namespace', 'shop'],
    ['the object', { request: { object: { metadata: { name: 'x' } } } }, 'request.object.metadata.name', 'web'],
    [
      'a label that is not there',
      { request: { object: { metadata: { labels: { ok: 'yes' } } } } },
      "request.object.metadata.labels.ok || 'absent'",
      'absent',
    ],
    ['the images', { images: { containers: { other: { tag: '2' } } } }, 'keys(images.initContainers)', ['init']],
    [
      'another image',
      { images: { containers: { other: { tag: '2' } } } },
      "images.containers.other || 'absent'",
      'absent',
    ],
    ['all of them', { images: null }, 'images.containers.main.tag', 'latest'],
    ['the user', { serviceAccountName: 'root' }, 'serviceAccountName', 'deployer'],
    ['the image', { image: { tag: '2', digest: 'x' } }, '[image.tag, image.digest]', ['1', '']],
    ['the image by a text', { image: 'other' }, 'image.path', 'nginx'],
    ['an entry of the context', { limits: { high: 9, low: 9 } }, '[limits.high, limits.low]', [1, null]],
  ])('it does not change %s', (_, predicate, text, expected) => {
    expect(evaluate(text, withPredicate(base, Object(predicate), uncounted))).toEqual(expected);
  });

  test.each(['request', 'images', 'serviceAccountName', 'serviceAccountNamespace'])(
    'it does not say what %s is, where there is no request',
    (name) => {
      const scope = withPredicate(imageScope('nginx:1'), { [name]: { namespace: 'prod' }, level: 1 }, uncounted);
      for (const text of [name, `@.${name}`, `values(@)[?namespace] | [0].namespace`, `*.namespace | [0]`])
        expect(evaluate(`${text} || 'none'`, scope)).toBe('none');
      expect(evaluate('level', scope)).toBe(1);
    },
  );

  test('its other fields of image can be asked for', () => {
    const scope = withPredicate(base, { image: { tag: '2', config: 'x' } }, uncounted);
    expect(evaluate('[image.tag, image.config]', scope)).toEqual(['1', 'x']);
  });
});

describe('a predicate of many fields', () => {
  const base = imageScope('nginx:1');
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));

  test.each<[string, Json, string]>([
    ['as a whole', fields(60_000), 'length(@)'],
    ['beside the image', { image: fields(70_000) }, 'image.k1'],
  ])('is paid for before it is looked at %s', (_, predicate, text) => {
    const run = createRun(0);
    const scope = withPredicate(base, Object(predicate), run);
    expect(() => compile(text).evaluate(scope, run)).toThrow(ExpressionTooCostly);
  });

  test('is looked at once, however often it is asked for', () => {
    const run = createRun(0);
    const scope = withPredicate(base, { ...fields(20_000), image: fields(20_000) }, run);
    for (let time = 0; time < 100; time += 1) expect(compile('image.k1').evaluate(scope, run)).toBe(1);
    expect(compile('k1').evaluate(scope, run)).toBe(1);
    expect(compile('length(@)').evaluate(scope, run)).toBe(20_001);
  });
});
