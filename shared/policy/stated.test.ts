import { scopeOf } from '../expression/testing/templates.ts';
import type { Json } from '../expression/value.ts';
import type { ContextEntry } from './context.ts';
import { loadedBeside, mergedOver, withStated } from './stated.ts';
import { clusterPolicy, load, rule } from './testing/policies.ts';

const plain = (value: Json | undefined): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

describe('mergedOver: objects are merged, and of all else what is stated counts', () => {
  test.each<[string, Json | undefined, Json, unknown]>([
    ['nothing below', undefined, { a: 1 }, { a: 1 }],
    ['fields of both', { a: 1, b: { c: 2 } }, { b: { d: 3 } }, { a: 1, b: { c: 2, d: 3 } }],
    ['a field that both have', { a: 1 }, { a: 2 }, { a: 2 }],
    ['a list over a list, the whole of it', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['an object over a text', { a: 'x' }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['a text over an object', { a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
    ['null', { a: 1 }, { a: null }, { a: null }],
  ])('%s', (_, under, over, expected) => {
    expect(plain(mergedOver(under, over))).toEqual(expected);
  });

  test('__proto__ is a field like any other', () => {
    const merged = mergedOver(JSON.parse('{"a":{"__proto__":{"b":1}}}'), JSON.parse('{"a":{"__proto__":{"c":2}}}'));
    expect(JSON.stringify(merged)).toBe('{"a":{"__proto__":{"b":1,"c":2}}}');
    expect(({} as { c?: number }).c).toBeUndefined();
  });
});

describe('withStated', () => {
  const base = scopeOf({ request: { operation: 'CREATE', namespace: 'shop' }, serviceAccountName: 'robot' });
  const scope = withStated(
    base,
    new Map<string, Json>([
      ['request', { operation: 'UPDATE' }],
      ['limits', { cpu: 1 }],
    ]),
  );

  test('a name that both know is merged, one that is stated alone is there, and all others are as they were', () => {
    expect(plain(scope.get('request'))).toEqual({ operation: 'UPDATE', namespace: 'shop' });
    expect(plain(scope.get('limits'))).toEqual({ cpu: 1 });
    expect(scope.get('serviceAccountName')).toBe('robot');
    expect(scope.get('images')).toBeUndefined();
    expect(new Set(scope.names())).toEqual(new Set(['request', 'limits', 'serviceAccountName']));
  });
});

describe('loadedBeside', () => {
  const { rules } = load(
    clusterPolicy({
      rules: [
        rule({
          context: [
            { name: 'dictionary', configMap: { name: 'd', namespace: 'n' } },
            { name: 'data', imageRegistry: { reference: 'ghcr.io/a/b:1' } },
            { name: 'here', variable: { value: 'x' } },
          ],
        }),
      ],
    }),
  );
  const context: readonly ContextEntry[] = rules[0]?.context ?? [];
  const names = (...stated: readonly string[]) =>
    loadedBeside(context, new Map(stated.map((name) => [name, 'stated']))).map(({ name }) => name);

  test('what a cluster or a registry would say is not asked for where it is stated', () => {
    expect(names('dictionary', 'data')).toEqual(['here']);
    expect(names('other')).toEqual(['dictionary', 'data', 'here']);
  });

  test("a variable is what its rule says, as in Kyverno's command line", () => {
    expect(names('here')).toEqual(['dictionary', 'data', 'here']);
  });
});
