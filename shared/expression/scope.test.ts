import { ExpressionError } from './error.ts';
import { layered, lazily, nothing } from './scope.ts';
import type { Json } from './value.ts';

function counted(values: Record<string, () => Json | undefined>) {
  const asked: string[] = [];
  const scope = lazily(
    new Map(
      Object.entries(values).map(([name, value]) => [
        name,
        () => {
          asked.push(name);
          return value();
        },
      ]),
    ),
  );
  return { scope, asked };
}

test('a value is come by when it is first asked for, and once', () => {
  const { scope, asked } = counted({ a: () => 1, b: () => null, c: () => undefined });
  expect([...scope.names()]).toEqual(['a', 'b', 'c']);
  expect(asked).toEqual([]);
  for (let at = 0; at < 2; at += 1) {
    expect(scope.get('a')).toBe(1);
    expect(scope.get('b')).toBe(null);
    expect(scope.get('c')).toBeUndefined();
    expect(scope.get('d')).toBeUndefined();
  }
  expect(asked).toEqual(['a', 'b', 'c']);
});

test('what cannot be come by cannot be the second time, and is not tried again', () => {
  const { scope, asked } = counted({
    a: () => {
      throw new ExpressionError('no');
    },
  });
  expect(() => scope.get('a')).toThrow('no');
  expect(() => scope.get('a')).toThrow('no');
  expect(asked).toEqual(['a']);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a name like any other', (name) => {
  expect(nothing.get(name)).toBeUndefined();
  expect(lazily(new Map()).get(name)).toBeUndefined();
  const scope = lazily(new Map([[name, () => 1]]));
  expect(scope.get(name)).toBe(1);
  expect(layered(lazily(new Map()), scope).get(name)).toBe(1);
});

test('of several scopes the first that has a name counts, and only those before it are asked', () => {
  const first = counted({ a: () => ({ of: 'first' }), n: () => null });
  const second = counted({ a: () => ({ of: 'second', more: 1 }), n: () => 2, b: () => 'second' });
  const scope = layered(first.scope, second.scope);
  expect(scope.get('a')).toEqual({ of: 'first' });
  expect(scope.get('n')).toBe(null);
  expect(second.asked).toEqual([]);
  expect(scope.get('b')).toBe('second');
  expect(scope.get('c')).toBeUndefined();
  expect([...scope.names()]).toEqual(['a', 'n', 'b']);
});
