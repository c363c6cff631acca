import { ExpressionError, ExpressionTooCostly } from '../expression/error.ts';
import { compileQuery } from '../expression/query.ts';
import { createRun } from '../expression/run.ts';
import { compileTemplate } from '../expression/template.ts';
import { compile, scopeOf } from '../expression/testing/templates.ts';
import type { Json } from '../expression/value.ts';
import { Refusal } from '../reasons.ts';
import {
  type ConfigMap,
  type ContextEntry,
  type ContextSources,
  contextScope,
  entriesFor,
  ImageNeeded,
  takenName,
} from './context.ts';

const base = { request: { namespace: 'shop', name: 'web' }, list: ['a', 'b'] };

function variable(name: string, fields: { value?: Json; jmesPath?: string; default?: Json }): ContextEntry {
  return {
    kind: 'variable',
    name,
    ...(fields.value === undefined ? {} : { value: compileTemplate(fields.value, compile) }),
    ...(fields.jmesPath === undefined ? {} : { jmesPath: compileQuery(fields.jmesPath, compile) }),
    ...(fields.default === undefined ? {} : { default: compileTemplate(fields.default, compile) }),
  };
}

function configMap(name: string, configMapName: Json, namespace: Json): ContextEntry {
  return {
    kind: 'config-map',
    name,
    configMap: { name: compileTemplate(configMapName, compile), namespace: compileTemplate(namespace, compile) },
  };
}

function imageRegistry(name: string, reference: string, jmesPath?: string): ContextEntry {
  return {
    kind: 'image-registry',
    name,
    reference: compileTemplate(reference, compile),
    written: reference,
    chosen: reference.includes('request'),
    ...(jmesPath === undefined ? {} : { jmesPath: compileQuery(jmesPath, compile) }),
  };
}

const allowed: ConfigMap = { metadata: { name: 'allowed', labels: { a: 'b' } }, data: { teams: 'a,b' } };
const configMaps = new Map([
  ['shop/allowed', allowed],
  ['default/empty', { metadata: { name: 'empty' }, data: null }],
]);

function scopeWith(entries: readonly ContextEntry[], sources: Partial<ContextSources> = {}, steps?: number) {
  const root = scopeOf(base);
  const all = { configMaps, imageData: new Map(), policyNamespace: undefined, ...sources };
  const run = createRun(0, steps);
  const scope = contextScope(entries, root, all, run);
  return { root, scope, evaluate: (text: string) => compile(text).evaluate(scope, createRun(0)) };
}

describe('a variable', () => {
  test.each<[string, Parameters<typeof variable>[1], Json]>([
    ['is its value', { value: 'text' }, 'text'],
    ['keeps its type', { value: { a: [1, '{{ list }}'] } }, { a: [1, ['a', 'b']] }],
    ['is what its value comes to', { value: '{{ request.name }}-x' }, 'web-x'],
    ['is a part of the scope', { jmesPath: 'request.name' }, 'web'],
    ['is a part of its value', { value: { a: { b: 1 } }, jmesPath: 'a.b' }, 1],
    ['is a part of a value that is a list', { value: '{{ list }}', jmesPath: '[1]' }, 'b'],
    ['may be false', { jmesPath: 'request.name == `1`', default: true }, false],
    ['is its default where the scope has no such name', { jmesPath: 'request.nope', default: 'd' }, 'd'],
    ['is its default where the scope says null', { jmesPath: 'list[9]', default: 'd' }, 'd'],
    ['is its default where the value has no such field', { value: { a: 1 }, jmesPath: 'b', default: 'd' }, 'd'],
    ['is not its default where there is a value', { jmesPath: 'request.name', default: 'd' }, 'web'],
    ['has variables in its default', { jmesPath: 'nope', default: ['{{ request.name }}'] }, ['web']],
    ['has variables in its jmesPath', { value: { web: 1 }, jmesPath: '{{ request.name }}' }, 1],
    ['is its default whatever is wrong with the jmesPath', { jmesPath: 'length(`1`)', default: 'd' }, 'd'],
  ])('%s', (_, fields, expected) => {
    expect(scopeWith([variable('v', fields)]).scope.get('v')).toEqual(expected);
  });

  test.each<[string, Parameters<typeof variable>[1], string]>([
    ['without a default', { jmesPath: 'request.nope' }, 'failed to load context: v: Unknown key "nope" in path'],
    ['null', { jmesPath: 'list[9]' }, 'failed to load context: v: it comes to null'],
    ['null by its value', { value: '{{ list[9] }}' }, 'it comes to null'],
    // As in Kyverno: the default is for an error of the jmesPath alone.
    ['null of its value', { value: { a: null }, jmesPath: 'a', default: 'd' }, 'it comes to null'],
    ['in error in its value', { value: '{{ nope }}', jmesPath: 'a', default: 'd' }, 'Unknown key "nope"'],
    ['in error in its default', { jmesPath: 'request.name', default: '{{ nope }}' }, 'Unknown key "nope"'],
  ])('%s is an error', (_, fields, problem) => {
    const { scope } = scopeWith([variable('v', fields)]);
    expect(() => scope.get('v')).toThrow(problem);
    expect(() => scope.get('v')).toThrow(ExpressionError);
    expect(scope.get('list')).toEqual(['a', 'b']);
  });

  test('no default is for what takes too much', () => {
    const { scope } = scopeWith([variable('v', { jmesPath: 'map(&@, list)', default: 'd' })], {}, 3);
    expect(() => scope.get('v')).toThrow(ExpressionTooCostly);
  });
});

describe('a ConfigMap', () => {
  test('has its data and its metadata', () => {
    const { evaluate } = scopeWith([configMap('cm', 'allowed', 'shop')]);
    expect(evaluate('cm')).toEqual(allowed);
    expect(evaluate('cm.data.teams')).toBe('a,b');
    expect(evaluate('cm.metadata.labels.a')).toBe('b');
    expect(() => evaluate('cm.data.nope')).toThrow('Unknown key "nope"');
    expect(() => evaluate('cm.data.constructor')).toThrow('Unknown key');
  });

  test('is found by names in which there are variables', () => {
    const { evaluate } = scopeWith([
      variable('n', { value: 'allow' }),
      configMap('cm', '{{ n }}ed', '{{ request.namespace }}'),
    ]);
    expect(evaluate('cm.data.teams')).toBe('a,b');
  });

  test.each<[Json, Json, string]>([
    ['allowed', 'other', 'failed to load context: cm: there is no ConfigMap "other/allowed" among the policies'],
    ['{{ request.nope }}', 'shop', 'Unknown key "nope"'],
    ['{{ list }}', 'shop', 'the name of the ConfigMap comes to something other than a string'],
    ['allowed', '{{ list }}', 'the namespace of the ConfigMap comes to something other than a string'],
    ['', '', 'there is no ConfigMap "default/"'],
  ])('%j in %j is an error', (name, namespace, problem) => {
    const { scope } = scopeWith([configMap('cm', name, namespace)]);
    expect(() => scope.get('cm')).toThrow(problem);
  });

  test('without a namespace it is of the policy, and a namespaced policy has no other', () => {
    const entries = [configMap('cm', 'allowed', ''), configMap('empty', 'empty', '')];
    expect(scopeWith(entries).evaluate('empty.data')).toBe(null);
    const own = scopeWith(entries, { policyNamespace: 'shop' });
    expect(own.evaluate('cm.data.teams')).toBe('a,b');
    const other = scopeWith([configMap('cm', 'allowed', 'shop')], { policyNamespace: 'team' });
    expect(() => other.evaluate('cm')).toThrow('another namespace, "shop", than the policy');
  });
});

describe('what a registry says', () => {
  const imageData = new Map<string, Json | Refusal>([['ghcr.io/app', { manifest: { layers: [1, 2] } }]]);

  test('is there where the registry was asked', () => {
    const entries = [imageRegistry('app', 'ghcr.io/app')];
    expect(scopeWith(entries, { imageData }).evaluate('length(app.manifest.layers)')).toBe(2);
    const part = [imageRegistry('app', 'ghcr.io/app', 'manifest.layers[0]')];
    expect(scopeWith(part, { imageData }).evaluate('app')).toBe(1);
  });

  test('has to be asked for where it was not, and why it could not be had is told; nothing swallows either', () => {
    const asking = scopeWith([imageRegistry('app', 'ghcr.io/{{ request.name }}')]);
    expect(() => asking.evaluate('app || `1`')).toThrow(new ImageNeeded('ghcr.io/web', true));
    const refused = new Refusal('image-not-found', 'it is not there');
    const failing = scopeWith([imageRegistry('app', 'ghcr.io/app')], {
      imageData: new Map([['ghcr.io/app', refused]]),
    });
    expect(() => failing.evaluate('app || `1`')).toThrow(refused);
  });

  test('is an error where it has no such part', () => {
    const part = [imageRegistry('app', 'ghcr.io/app', 'nope')];
    expect(() => scopeWith(part, { imageData }).evaluate('app')).toThrow(
      'failed to load context: app: Unknown key "nope"',
    );
  });
});

describe('entries', () => {
  test('are loaded when they are asked for, once, and no others', () => {
    const { root, scope } = scopeWith([
      variable('a', { jmesPath: 'request.name' }),
      variable('b', { value: '{{ a }}{{ a }}' }),
      variable('c', { jmesPath: 'nope' }),
    ]);
    expect(root.asked).toEqual(new Set());
    expect([...scope.names()].toSorted()).toEqual(['a', 'b', 'c', 'list', 'request']);
    expect(scope.get('list')).toEqual(['a', 'b']);
    expect(root.asked).toEqual(new Set(['list']));
    expect(scope.get('b')).toBe('webweb');
    root.asked.clear();
    expect(scope.get('b')).toBe('webweb');
    expect(scope.get('a')).toBe('web');
    expect(root.asked).toEqual(new Set());
  });

  test('see those before them, and not those after them', () => {
    const forward = scopeWith([variable('a', { value: '{{ b }}' }), variable('b', { value: 1 })]);
    expect(() => forward.scope.get('a')).toThrow('Unknown key "b"');
    expect(() => scopeWith([variable('a', { value: '{{ a }}' })]).scope.get('a')).toThrow('Unknown key "a"');
  });

  test('of one name take each other’s place in turn', () => {
    const { scope } = scopeWith([
      variable('v', { value: 1 }),
      variable('before', { value: '{{ v }}' }),
      variable('v', { value: 'then {{ v }}' }),
      variable('after', { value: '{{ v }}' }),
    ]);
    expect(['v', 'before', 'after'].map((name) => scope.get(name))).toEqual(['then 1', 1, 'then 1']);
  });

  test.each(['__proto__', 'constructor'])('may be called %s', (name) => {
    expect(scopeWith([variable(name, { value: 1 })]).scope.get(name)).toBe(1);
    expect(scopeWith([]).scope.get(name)).toBeUndefined();
  });

  test('are told that what is asked for may need', () => {
    const first = imageRegistry('app', '{{ request.name }}');
    const again = variable('limit', { value: 1 });
    const limit = variable('limit', { value: { a: 1 }, jmesPath: '"{{ key }}"', default: '{{ app }}' });
    const entries = [
      first,
      variable('key', { jmesPath: 'request.name' }),
      variable('x', { value: '{{ app }}' }),
      again,
      limit,
    ];
    const named = (...names: string[]) => entriesFor(new Set(names), entries).map((entry) => entries.indexOf(entry));
    expect(named('request')).toEqual([]);
    expect(named('x')).toEqual([0, 2]);
    expect(named('limit')).toEqual([0, 1, 4]);
    expect(entriesFor(undefined, entries)).toEqual(entries);
    expect(entriesFor(new Set(['y']), [variable('v', { value: 1 }), variable('y', { jmesPath: '@' })])).toHaveLength(2);
    expect(
      entriesFor(new Set(['y']), [variable('v', { value: 1 }), variable('y', { value: 1, jmesPath: '@' })]),
    ).toHaveLength(1);
  });
});

test.each([
  ['request', 'request'],
  ['request.object', 'request'],
  ['images', 'images'],
  ['image', 'image'],
  ['element', 'element'],
  ['elementIndex', 'elementIndex'],
  ['serviceAccountName', 'serviceAccountName'],
  ['serviceAccountNamespace.x', 'serviceAccountNamespace'],
  ['requests', undefined],
  ['imageData', undefined],
  ['my.request', undefined],
])('the name %s hides %j', (name, expected) => {
  expect(takenName(name)).toBe(expected);
});
