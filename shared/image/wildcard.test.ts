import fc from 'fast-check';
import { countedText } from './testing/counted-text.ts';
import { compileWildcard } from './wildcard.ts';

test.each([
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'ghcr.io/org/app:1', true],
  ['?', '', false],
  ['?', '/', true],
  ['?', 'ab', false],
  ['abc', 'abc', true],
  ['abc', 'ABC', false],
  ['abc', 'abcd', false],
  ['abc', 'xabc', false],
  ['a*', 'a', true],
  ['*a', 'bba', true],
  ['*a', 'bab', false],
  ['a*b*c', 'axxbyyc', true],
  ['a*b*c', 'axxbyy', false],
  ['a**b', 'ab', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a*?', 'a', false],
  ['a*?', 'ab', true],
  ['*ab', 'aab', true],
  ['*aab', 'aaab', true],
  ['ghcr.io/*/app:v?', 'ghcr.io/a/b/app:v1', true],
  ['[ab]', 'a', false],
  ['a.c', 'abc', false],
  ['a\\*', 'a\\b', true],
  ['?', '😀', true],
  ['??', '😀', false],
  ['*?b', '😀b', true],
  ['*??b', '😀b', false],
  ['😀*', '😀x', true],
])('%j on %j: %j', (pattern, text, expected) => {
  expect(compileWildcard(pattern)(text)).toBe(expected);
});

/** The definition of Kyverno's wildcards, written without regard to cost. */
function model(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === '*') return model(rest, text) || (text.length > 0 && model(pattern, text.slice(1)));
  return text.length > 0 && (first === '?' || first === text[0]) && model(rest, text.slice(1));
}

test('the matcher agrees with the definition', () => {
  const patterns = fc.array(fc.constantFrom('a', 'b', '*', '?', '/', '😀', '😁'), { maxLength: 8 });
  const texts = fc.array(fc.constantFrom('a', 'b', '*', '/', '😀', '😁'), { maxLength: 9 });
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      expect(compileWildcard(pattern.join(''))(text.join(''))).toBe(model(pattern, text));
    }),
    { numRuns: 3000 },
  );
});

test('a hostile pattern costs text times pattern at most', () => {
  for (const pattern of [
    `${'*a'.repeat(100)}*b`,
    `${'*?'.repeat(100)}b`,
    `*${'a'.repeat(200)}b`,
    `*${'a'.repeat(200)}b*?`,
    `${'*'.repeat(5000)}b`,
  ]) {
    const text = countedText(`${'a'.repeat(500)}c`);
    expect(compileWildcard(pattern)(text)).toBe(false);
    expect(text.looks).toBeLessThan(text.length * Math.min(pattern.length, 300));
  }
});
