import { compareSemver, parseSemver, type SemanticVersion } from './semver.ts';

function version(text: string): SemanticVersion {
  const read = parseSemver(text);
  if (read === undefined) throw new Error(`${text} is no version`);
  return read;
}

test.each([
  '0.0.0',
  '1.2.3',
  '1.2.3-alpha',
  '1.2.3-alpha.1',
  '1.2.3--',
  '1.2.3-0a',
  '1.2.3+build.007',
  '1.2.3-a+b-c',
  '18446744073709551615.0.0',
])('%s is a version', (text) => {
  expect(parseSemver(text)).toBeDefined();
});

test.each([
  '',
  '1',
  '1.2',
  'v1.2.3',
  ' 1.2.3',
  '1.2.3 ',
  '01.2.3',
  '1.02.3',
  '1.2.03',
  '1.2.3.4',
  '1.2.x',
  '-1.2.3',
  '+1.2.3',
  '1.2.3-',
  '1.2.3+',
  '1.2.3-01',
  '1.2.3-a..b',
  '1.2.3-a_b',
  '1.2.3+b..c',
  '1.2.3+b+c',
  '18446744073709551616.0.0',
  '1.2.3-18446744073709551616',
  '1.2.3-999999999999999999999',
])('%j is none', (text) => {
  expect(parseSemver(text)).toBeUndefined();
});

test('versions stand in the order of semver.org', () => {
  const ordered = [
    '0.9.9',
    '1.0.0-1',
    '1.0.0-2',
    '1.0.0-10',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.10',
    '1.2.0',
    '9007199254740992.0.0',
    '9007199254740993.0.0',
  ].map(version);
  for (const [at, a] of ordered.entries()) {
    for (const [otherAt, b] of ordered.entries()) {
      expect(compareSemver(a, b)).toBe(Math.sign(at - otherAt));
    }
  }
});

test('what a version says of its build does not count', () => {
  expect(compareSemver(version('1.0.0+a'), version('1.0.0+b'))).toBe(0);
});
