import { compileRegExp, compileSearch, InvalidRegExp, loadRegExps } from './regexp.ts';

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

describe('a search', () => {
  beforeAll(loadRegExps);

  /** Each match as `start-end` and its groups 0, 1 and `n`. */
  function found(pattern: string, text: string): string[] {
    const all: string[] = [];
    for (const { start, end, group } of compileSearch(pattern).matches(text)) {
      all.push(`${start}-${end} ${['0', '1', 'n'].map(group).join()}`);
    }
    return all;
  }

  test.each<[string, string, string[]]>([
    ['a', 'banana', ['1-2 a,,', '3-4 a,,', '5-6 a,,']],
    ['a*', 'baac', ['0-0 ,,', '1-3 aa,,', '4-4 ,,']],
    ['', 'ab', ['0-0 ,,', '1-1 ,,', '2-2 ,,']],
    ['', '\u{1f600}', ['0-0 ,,', '2-2 ,,']],
    ['^a', 'aa', ['0-1 a,,']],
    ['\\bb', 'ab b', ['3-4 b,,']],
    ['(x)|(?P<n>y)', 'xy', ['0-1 x,x,', '1-2 y,,y']],
    ['a|ab', 'ab', ['0-1 a,,']],
    ['x', 'abc', []],
  ])("finds %j in %j as Go's does", (pattern, text, expected) => {
    expect(found(pattern, text)).toEqual(expected);
  });

  test('of a group that there is not nothing was matched', () => {
    for (const { group } of compileSearch('(a)(?P<n>b)').matches('ab')) {
      for (const name of ['3', '01', '-1', '99999', 'm', '', '__proto__', 'constructor']) expect(group(name)).toBe('');
      expect(group('2')).toBe('b');
    }
  });

  test('says how large it is', () => {
    expect(compileSearch('a{1000}').size).toBeGreaterThan(compileSearch('a').size + 900);
    expect(() => compileSearch('(')).toThrow(InvalidRegExp);
  });
});
