import { compileRegExp, InvalidRegExp, loadRegExps } from './regexp.ts';

test('what was not loaded is a defect, not a pattern that matches nothing', async () => {
  expect(() => compileRegExp('a')).toThrow('regular expressions are not loaded');
  await loadRegExps();
  expect(compileRegExp('a')('a')).toBe(true);
});

describe('once loaded', () => {
  beforeAll(loadRegExps);

  test.each<[string, string, boolean]>([
    ['acme', 'https://github.com/acme/app', true],
    ['^acme', 'https://github.com/acme/app', false],
    ['acme$', 'https://github.com/acme', true],
    ['^https://github\\.com/acme/[^/]+$', 'https://github.com/acme/app', true],
    ['^https://github\\.com/acme/[^/]+$', 'https://github.com/acme/app/x', false],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['^a$', 'a\n', false],
    ['(?i)^ACME$', 'acme', true],
    ['^\\pL+$', 'été', true],
    ['^[[:alpha:]]+$', 'abc', true],
    ['^.$', '😀', true],
    ['\\Qa.b\\E', 'xa.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['', '', true],
  ])("%j is Go's: %j %s", (pattern, text, expected) => {
    expect(compileRegExp(pattern)(text)).toBe(expected);
  });

  test.each<[string, RegExp]>([
    ['[', /missing closing \]/],
    ['(?=a)', /invalid or unsupported Perl syntax/],
    ['(a)\\1', /invalid escape sequence/],
    ['a{1001}', /invalid repeat count/],
    ['((a{100}){100}){100}', /invalid repeat count/],
    ['a'.repeat(1025), /longer than 1024 characters/],
  ])('%j does not compile', (pattern, message) => {
    expect(() => compileRegExp(pattern)).toThrow(InvalidRegExp);
    expect(() => compileRegExp(pattern)).toThrow(message);
  });

  test('a text of any length costs little: over 8,192 characters it has no match', () => {
    const matches = compileRegExp('^(a+)+b?$');
    expect(matches('a'.repeat(8192))).toBe(true);
    expect(matches('a'.repeat(8193))).toBe(false);
    expect(compileRegExp('^(a+)+$')(`${'a'.repeat(8000)}!`)).toBe(false);
  });

  test('a pattern is kept and asked again', () => {
    const matches = compileRegExp('^a+$');
    expect(['a', 'b', 'aa', 'ab'].map(matches)).toEqual([true, false, true, false]);
  });
});
