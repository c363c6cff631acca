import fc from 'fast-check';
import { possibleIn } from './possible.ts';
import { compileWildcard } from './wildcard.ts';

const alphabet = ['a', 'b', '.', '/'];

/** Every text over the alphabet of up to `length` characters. */
function texts(length: number): string[] {
  const shorter = length === 0 ? [] : texts(length - 1);
  return ['', ...shorter.flatMap((text) => alphabet.map((character) => character + text))];
}

test('a pattern is possible where a text of the grammar matches it, and nowhere else', () => {
  const all = [...new Set(texts(7))];
  const grammars = [
    /^$/,
    /^a+(?:\.a+)*$/,
    /^(?:ab)*$/,
    /^(?:a|b)+\/(?:a|b)+$/,
    /^(?:aa)+b?$/,
    /^a(?:\/b\.?)*$/,
    /^(?:a\.b\/)+a$/,
  ].map((grammar) => ({
    possible: possibleIn(grammar, 100),
    language: all.filter((text) => grammar.test(text)),
    grammar,
  }));
  const patterns = fc.string({ unit: fc.constantFrom(...alphabet, '*', '?', 'c'), maxLength: 4 });
  fc.assert(
    fc.property(patterns, fc.constantFrom(...grammars), (pattern, { possible, language, grammar }) => {
      const matches = compileWildcard(pattern);
      expect([grammar.source, pattern, possible(pattern)]).toEqual([
        grammar.source,
        pattern,
        language.some((text) => matches(text)),
      ]);
    }),
    { numRuns: 1500 },
  );
});

test('a pattern without wildcards is a text, lengths and all', () => {
  const possible = possibleIn(/^a{2}$/, 2);
  expect([possible('aa'), possible('aaa'), possible('a*'), possible('aaa*')]).toEqual([true, false, true, false]);
});

test('a hostile pattern costs its length times the grammar', () => {
  const possible = possibleIn(/^[a-z]+(?:[.-][a-z]+)*$/, 640);
  const before = performance.now();
  expect(possible(`${'*a'.repeat(319)}*A`)).toBe(false);
  expect(possible(`${'*'.repeat(100_000)}A`)).toBe(false);
  expect(possible('a'.repeat(100_000))).toBe(false);
  expect(performance.now() - before).toBeLessThan(2000);
});
