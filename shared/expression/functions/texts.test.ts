import type { Json } from '../value.ts';
import { largestResult } from './bounds.ts';
import { ask, refusal } from './testing/ask.ts';

// What Kyverno 1.19.1 answers.
test.each<[string, readonly Json[], Json]>([
  ['compare', ['a', 'b'], -1],
  ['compare', ['b', 'a'], 1],
  ['compare', ['a', 'a'], 0],
  ['compare', ['a', 'ab'], -1],
  ['compare', ['', ''], 0],
  ['compare', ['B', 'a'], -1],
  ['compare', ['\uffff', '\u{1f600}'], -1],
  ['equal_fold', ['Kyverno', 'kYVERNO'], true],
  ['equal_fold', ['k', '\u212a'], true],
  ['equal_fold', ['Σ', 'ς'], true],
  ['equal_fold', ['ß', 'SS'], false],
  ['equal_fold', ['ß', 'ẞ'], true],
  ['equal_fold', ['i', 'İ'], false],
  ['equal_fold', ['ı', 'I'], false],
  ['equal_fold', ['a', 'ab'], false],
  ['to_upper', ['abc-é'], 'ABC-É'],
  ['to_upper', ['straße'], 'STRAßE'],
  ['to_upper', ['ᾳ'], 'ᾼ'],
  ['to_upper', ['ŉ'], 'ŉ'],
  ['to_lower', ['ABC-É'], 'abc-é'],
  ['to_lower', ['ΑΣ'], 'ασ'],
  ['to_lower', ['İ'], 'i'],
  ['trim', ['¡¡¡Hello!!!', '!¡'], 'Hello'],
  ['trim', ['aba', 'a'], 'b'],
  ['trim', ['aaa', 'a'], ''],
  ['trim', [' a ', ''], ' a '],
  ['trim', ['\u{1f600}a\u{1f600}', '\u{1f600}'], 'a'],
  ['trim', ['', 'a'], ''],
  ['trim_prefix', ['docker.io/nginx', 'docker.io/'], 'nginx'],
  ['trim_prefix', ['aab', 'a'], 'ab'],
  ['trim_prefix', ['ab', 'b'], 'ab'],
  ['split', ['a,b,,c', ','], ['a', 'b', '', 'c']],
  ['split', ['a', ','], ['a']],
  ['split', ['', ','], ['']],
  ['split', ['', ''], []],
  ['split', ['a\u{1f600}b', ''], ['a', '\u{1f600}', 'b']],
  ['split', ['aaa', 'aa'], ['', 'a']],
  ['replace', ['aaaa', 'a', 'b', 2], 'bbaa'],
  ['replace', ['aaaa', 'a', 'b', -1], 'bbbb'],
  ['replace', ['aaaa', 'a', 'b', 0], 'aaaa'],
  ['replace', ['aaaa', 'a', 'b', 1.9], 'baaa'],
  ['replace', ['aaaa', 'a', 'b', -0.5], 'aaaa'],
  ['replace', ['aaaa', 'aa', 'b', 9], 'bb'],
  ['replace', ['a\u{1f600}b', '', '-', 3], '-a-\u{1f600}-b'],
  ['replace', ['ab', '$', '$&', -1], 'ab'],
  ['replace_all', ['a.b.c', '.', '-'], 'a-b-c'],
  ['replace_all', ['ab', '', '-'], '-a-b-'],
  ['replace_all', ['', '', '-'], '-'],
  ['replace_all', ['a', 'a', '$&'], '$&'],
  ['truncate', ['Lorem ipsum', 5], 'Lorem'],
  ['truncate', ['Lorem', 5], 'Lorem'],
  ['truncate', ['Lorem', 5.9], 'Lorem'],
  ['truncate', ['Lorem', 2.9], 'Lo'],
  ['truncate', ['Lorem', 0], ''],
  ['truncate', ['Lorem', -1], ''],
  ['truncate', ['\u{1f600}\u{1f600}b', 2], '\u{1f600}\u{1f600}'],
  ['to_boolean', ['true'], true],
  ['to_boolean', ['TrUe'], true],
  ['to_boolean', ['FALSE'], false],
])('%s%j is %j', (name, given, expected) => {
  expect(ask(name, given)).toEqual(expected);
});

test.each([
  ['to_boolean', ['yes'], "'true' or 'false'"],
  ['to_boolean', [''], "'true' or 'false'"],
  ['to_boolean', ['t'.repeat(1_000_000)], "'true' or 'false'"],
  ['to_boolean', [true], 'takes a string'],
  ['compare', ['a', 1], 'takes a string'],
  ['replace', ['a', 'b', 'c', '1'], 'takes a number'],
  ['replace', ['a', 'b', 'c', 1e300], 'numbers of 64 bits'],
  ['truncate', ['a', 1e19], 'numbers of 64 bits'],
  ['truncate', ['a'], '2 arguments'],
])('%s%j is an error', (name, given, problem) => {
  expect(refusal(name, given)).toContain(problem);
});

test.each([
  ['replace_all', ['a'.repeat(2000), 'a', 'b'.repeat(600)]],
  ['replace', ['a'.repeat(2000), '', 'b'.repeat(600), -1]],
  ['to_upper', ['a'.repeat(largestResult + 1)]],
  ['split', ['a'.repeat(largestResult + 1), ',']],
  ['equal_fold', ['a', 'a'.repeat(largestResult + 1)]],
])('%s of too much is refused before anything is made', (name, given) => {
  const untold = { now: 0, spend() {} };
  expect(refusal(name, given, untold)).toMatch(/1048576 characters/);
});
