import { stepsOf } from './variable-name.ts';

test.each<[string, readonly string[]]>([
  ['a', ['a']],
  ['request.object.metadata.name', ['request', 'object', 'metadata', 'name']],
  ['metadata.labels."app.kubernetes.io/name"', ['metadata', 'labels', 'app.kubernetes.io/name']],
  ['"a.b".c', ['a.b', 'c']],
  ['a."say ""hi"""', ['a', 'say "hi"']],
  ['__proto__.polluted', ['__proto__', 'polluted']],
])('%s', (name, steps) => {
  expect(stepsOf(name)).toEqual(steps);
});

test.each(['', '.', 'a.', '.a', 'a..b', 'a."b', 'a."b"c', 'a.b"c', 'a."".b', 'a\nb', Array(40).fill('a').join('.')])(
  '%j is no name',
  (name) => {
    expect(stepsOf(name)).toBeUndefined();
  },
);
