import { ask, refusal } from '../testing/ask.ts';

test.each([
  ['a', /^a$/],
  ['abc', /^abc$/],
  ['[0-9a-z]{8}', /^[0-9a-z]{8}$/],
  ['[a-z]{2,4}', /^[a-z]{2,4}$/],
  ['(a|b|cd)(-x)?', /^(?:a|b|cd)(?:-x)?$/],
  ['a*', /^a{0,4096}$/],
  ['[ab]+', /^[ab]{1,4096}$/],
  ['a{2,}', /^a{2,4096}$/],
  ['a**', /^a{0,4096}$/],
  ['^a$', /^a$/],
  ['....', /^[ -~]{4}$/],
  ['[^a-z]{9}', /^[ -`{-~]{9}$/],
  ['[]a]{9}', /^[\]a]{9}$/],
  ['[^]a]{9}', /^[^\]a]{9}$/],
  ['[a-]{9}', /^[a-]{9}$/],
  ['[-a]{9}', /^[-a]{9}$/],
  ['[[:digit:]x]{9}', /^[0-9x]{9}$/],
  ['[[:^print:]]', /^[^ -~]$/u],
  ['[^\\x00-\\x7f]', /^[^\0-\x7f]$/u],
  ['\\.\\*\\_\\{', /^\.\*_\{$/],
  ['\\x41\\x{1F600}\\101\\t', /^A\u{1f600}A\t$/u],
  ['é😀', /^é😀$/u],
  ['a{,2}', /^a\{,2\}$/],
  ['x{', /^x\{$/],
  [']}', /^\]\}$/],
  ['()', /^$/],
  ['a|', /^a?$/],
])('of %s', (pattern, expected) => {
  for (let time = 0; time < 50; time += 1) expect(ask('random', [pattern])).toMatch(expected);
});

test('each is another', () => {
  const made = new Set(Array.from({ length: 100 }, () => ask('random', ['[0-9a-f]{32}'])));
  expect(made.size).toBe(100);
});

test('all that may come does, with ends', () => {
  const made = new Set(Array.from({ length: 2000 }, () => ask('random', ['[a-c]|x{0,1}'])));
  expect([...made].toSorted()).toEqual(['', 'a', 'b', 'c', 'x']);
});

test.each([
  ['', 'not empty'],
  ['(', 'a ( that is not closed'],
  [')', 'a ) that closes nothing'],
  ['[', 'an end where a character is wanted'],
  ['[]', 'an end where a character is wanted'],
  ['*', 'a repetition of nothing'],
  ['a|*', 'a repetition of nothing'],
  ['(?:a)', 'a repetition of nothing'],
  ['\\d', 'an escape that means nothing'],
  ['\\', 'an escape that means nothing'],
  ['\\1', 'an escape that means nothing'],
  ['\\x{110000}', 'an escape that means nothing'],
  ['a{3,2}', 'a repetition that cannot be'],
  ['a{1001}', 'a repetition that cannot be'],
  ['[z-a]', 'a range whose end is before its beginning'],
  ['[a-c-e]', 'a - in the middle of a set'],
  ['[[:foo:]]', 'no set that is named foo'],
  ['[^\\x00-\\x{10FFFF}]', 'a set of nothing'],
  ['('.repeat(200), 'nested too deep'],
  ['a'.repeat(1025), '1024 characters at most'],
])('%s is no pattern', (pattern, problem) => {
  expect(refusal('random', [pattern])).toContain(problem);
});

test('no more is made than may be', () => {
  const untold = { now: 0, spend() {} };
  expect(refusal('random', ['([a-z]{1000}){1000}{1000}'], untold)).toContain('over 1048576 characters');
  expect(refusal('random', ['(()*)*{1000}'])).toContain('takes over');
});
