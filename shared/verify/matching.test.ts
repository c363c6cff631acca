import fc from 'fast-check';
import { distinctlyMatched } from './matching.ts';

test.each([
  [[], 0],
  [[['a'], ['a']], 1],
  [[['a'], ['b']], 2],
  [[['a', 'b'], ['a']], 2],
  [
    [
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ],
    2,
  ],
  [[['a', 'b'], ['a', 'c'], ['a']], 3],
  [[[], ['a']], 1],
])('attestors that stand for %j are %i different signers', (choices, expected) => {
  expect(distinctlyMatched(choices)).toBe(expected);
});

test('is what trying every assignment finds', () => {
  const best = (choices: readonly (readonly string[])[], taken: ReadonlySet<string> = new Set()): number => {
    const [first, ...rest] = choices;
    if (first === undefined) return 0;
    const without = best(rest, taken);
    const withOne = first.filter((key) => !taken.has(key)).map((key) => 1 + best(rest, new Set([...taken, key])));
    return Math.max(without, ...withOne);
  };
  const choices = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 }), { maxLength: 5 });
  fc.assert(fc.property(choices, (sets) => expect(distinctlyMatched(sets)).toBe(best(sets))));
});
