import fc from 'fast-check';
import { cpuOf } from '../../test/fixtures/cpu.ts';
import { compileWildcard } from '../image/wildcard.ts';
import { everyNameFits, someNameFits } from './generated-name.ts';

const long = 'a'.repeat(58);

test.each<[string, string[], string, 'all' | 'some' | 'none']>([
  ['what begins with the prefix', ['web-*'], 'web-', 'all'],
  ['what begins with a part of it', ['web*'], 'web-', 'all'],
  ['what begins with more than it', ['web-b*'], 'web-', 'some'],
  ['a letter that is never added', ['web-a*'], 'web-', 'none'],
  ['a digit that is never added', ['web-*1'], 'web-', 'none'],
  ['another prefix', ['api-*'], 'web-', 'none'],
  ['the prefix itself', ['web-'], 'web-', 'none'],
  ['the prefix and nothing added', ['*-canary'], 'web-canary', 'none'],
  ['a ReplicaSet’s Pods', ['web-*-?????'], 'web-7d9f9c-', 'all'],
  ['too few characters', ['web-????'], 'web-', 'none'],
  ['too many characters', ['web-??????'], 'web-', 'none'],
  ['one whole name', ['web-bcdfg'], 'web-', 'some'],
  ['one that could not be', ['web-hello'], 'web-', 'none'],
  ['everything', ['*'], 'web-', 'all'],
  ['several that are everything together', ['web-?b???', 'web-?[^b]*', 'web-*'], 'web-', 'all'],
  ['letters of their own, each a pattern', [...'bcdfghjklmnpqrstvwxz2456789'].map((each) => `*${each}`), 'web-', 'all'],
  ['all of them but one', [...'bcdfghjklmnpqrstvwxz245678'].map((each) => `*${each}`), 'web-', 'some'],
  ['a prefix that is cut', [`${long}?????`], `${long}bbbb`, 'all'],
  ['what is cut away', [`${long}canary-*`], `${long}canary-`, 'none'],
  ['a `?` for a character of two units', ['?*'], '🚀', 'all'],
])('%s', (_, patterns, generateName, expected) => {
  expect(everyNameFits(patterns)(generateName)).toBe(expected === 'all');
  expect(someNameFits(patterns)(generateName)).toBe(expected !== 'none');
});

test('what fits a name that is made is among some, and what does not is not among all', () => {
  const letters = fc.constantFrom('b', '2', 'a', '-');
  const pattern = fc.string({ unit: fc.oneof(letters, fc.constantFrom('*', '?')), maxLength: 9 });
  const suffix = fc.string({ unit: fc.constantFrom('b', '2', 'z'), minLength: 5, maxLength: 5 });
  const prefix = fc.string({ unit: letters, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), prefix, suffix, (patterns, generateName, end) => {
      const matches = patterns.some((each) => compileWildcard(each)(generateName + end));
      if (matches) expect(someNameFits(patterns)(generateName)).toBe(true);
      else expect(everyNameFits(patterns)(generateName)).toBe(false);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test('both are exact, over all names that three letters make', () => {
  const letters = ['b', 'c', 'z'];
  const ends = Array.from({ length: 3 ** 5 }, (_, at) =>
    Array.from({ length: 5 }, (_, place) => letters[Math.floor(at / 3 ** place) % 3]).join(''),
  );
  // `z` stands for every letter that no pattern names.
  const pattern = fc.string({ unit: fc.constantFrom('b', 'c', '*', '?', '?'), maxLength: 7 });
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', 'b', 'cb'),
      (patterns, prefix) => {
        const tests = patterns.map(compileWildcard);
        const fitting = ends.filter((each) => tests.some((matches) => matches(prefix + each)));
        expect(everyNameFits(patterns)(prefix)).toBe(fitting.length === ends.length);
        expect(someNameFits(patterns)(prefix)).toBe(fitting.length > 0);
      },
    ),
    { numRuns: 1000, seed: 1 },
  );
});

test('a prefix of any length, and patterns that branch at each character, cost little', () => {
  const branching = [`*${[...'bcdfghjklmnpqrstvwxz'].join('*')}*`, ...Array.from('bcdfgh', (each) => `*${each}????`)];
  const cpu = cpuOf(() => {
    for (let round = 0; round < 20; round += 1) everyNameFits(branching)(`${round}${'bcdfg'.repeat(1000)}`);
  });
  expect(cpu).toBeLessThan(1000);
});
