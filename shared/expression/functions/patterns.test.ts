import { loadRegExps } from '../../regexp.ts';
import { createRun } from '../run.ts';
import type { Json } from '../value.ts';
import { ask, refusal, stepsOf } from './testing/ask.ts';

beforeAll(loadRegExps);

/** Templates of replacements: `<1>` for a reference in braces, which would look like JavaScript's own. */
function braces(text: string): string {
  return text.replaceAll('<', '\x24{').replaceAll('>', '}');
}

// What Kyverno 1.19.1 answers.
test.each<[string, readonly Json[], Json]>([
  ['regex_match', ['^[a-z]+$', 'abc'], true],
  ['regex_match', ['^[a-z]+$', 'ABC'], false],
  ['regex_match', ['b', 'abc'], true],
  ['regex_match', ['^1$', 1], true],
  ['regex_match', ['^0.1$', 0.1], true],
  ['regex_match', ['^16777216$', 16_777_217], true],
  ['regex_match', ['^100000000000000000000$', 1e20], true],
  ['regex_match', ['', ''], true],
  ['regex_replace_all', ['([Hh]e|G)l', 'Hello, Gl', braces('<2>G')], 'Glo, G'],
  ['regex_replace_all', ['a(x*)b', '-ab-axxb-', braces('<1>W')], '-W-xxW-'],
  ['regex_replace_all', ['a(x*)b', '-ab-axxb-', '$1W'], '---'],
  ['regex_replace_all', ['a(?P<n>x*)b', '-axb-', braces('[$n][<n>y][$ny]')], '-[x][xy][]-'],
  ['regex_replace_all', ['(?P<n>a)|(?P<m>b)', 'ab', '($n$m)'], '(a)(b)'],
  ['regex_replace_all', ['a', 'a', '$$1$$$'], '$1$$'],
  ['regex_replace_all', ['a', 'a', '$'], '$'],
  ['regex_replace_all', ['a', 'a', braces('<0>$0<00>')], 'aa'],
  ['regex_replace_all', ['a', 'a', braces('<0$(x')], braces('<0$(x')],
  ['regex_replace_all', ['a', 'a', '\\1&'], '\\1&'],
  ['regex_replace_all', ['a*', 'baac', 'X'], 'XbXcX'],
  ['regex_replace_all', ['', 'ab', '-'], '-a-b-'],
  ['regex_replace_all', ['', '\u{1f600}', '-'], '-\u{1f600}-'],
  ['regex_replace_all', ['^a', 'aa', ''], 'a'],
  ['regex_replace_all', ['\\b', 'ab cd', '|'], '|ab| |cd|'],
  ['regex_replace_all', ['2', 123, 4], '143'],
  ['regex_replace_all_literal', ['[0-9]', 'a1b2', '$0'], 'a$0b$0'],
  ['regex_replace_all_literal', ['x', 'abc', 'y'], 'abc'],
  ['pattern_match', ['prefix-*', 'prefix-test'], true],
  ['pattern_match', ['prefix-*', 'test-prefix-'], false],
  ['pattern_match', ['?', 'é'], true],
  ['pattern_match', ['1*', 123], true],
  ['pattern_match', ['[a]', 'a'], false],
  ['label_match', [{ app: 'test' }, { app: 'test', other: '1' }], true],
  ['label_match', [{ app: 'test', x: '1' }, { app: 'test' }], false],
  ['label_match', [{ app: 1 }, { app: '1' }], false],
  ['label_match', [{ app: { a: [1] } }, { app: { a: [1] } }], true],
  ['label_match', [{}, {}], true],
  ['label_match', [{ constructor: null }, {}], false],
])('%s%j is %j', (name, given, expected) => {
  expect(ask(name, given)).toEqual(expected);
});

test.each([
  ['regex_match', ['[', 'a'], 'missing closing ]'],
  ['regex_match', ['(?=a)', 'a'], 'invalid or unsupported Perl syntax'],
  ['regex_match', ['a', true], 'takes a string or a number'],
  ['regex_match', ['a', 1e300], 'too large to be written as text'],
  ['regex_match', ['a'.repeat(1025), 'a'], 'longer than 1024 characters'],
  ['regex_replace_all', ['(', 'a', 'b'], 'missing closing )'],
  ['label_match', [[], {}], 'takes an object'],
])('%s%j is an error', (name, given, problem) => {
  expect(refusal(name, given)).toContain(problem);
});

test('a text that is too long is an error, and no text that does not match', () => {
  expect(ask('regex_match', ['^a+$', 'a'.repeat(8192)])).toBe(true);
  expect(refusal('regex_match', ['^a+$', 'a'.repeat(8193)])).toContain('texts of 8192 characters at most');
});

test('what replacing would make is bounded', () => {
  const untold = { now: 0, spend() {} };
  const given = ['a', 'a'.repeat(8000), 'b'.repeat(1000)];
  expect(refusal('regex_replace_all', given, untold)).toContain('over 1048576 characters');
});

test('an expression is compiled once for a run, however many elements are asked', () => {
  const run = createRun(0);
  let steps = 0;
  const counting = {
    now: 0,
    spend(taken: number) {
      steps += taken;
      run.spend(taken);
    },
  };
  ask('regex_match', ['^[a-z]{500}$', 'a'], counting);
  const first = steps;
  steps = 0;
  ask('regex_match', ['^[a-z]{500}$', 'a'], counting);
  expect(steps).toBeLessThan(first / 10);
  expect(stepsOf('regex_match', ['^[a-z]{500}$', 'a'])).toBe(first);
});
