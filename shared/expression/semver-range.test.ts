import { ExpressionError } from './error.ts';
import { parseSemver } from './semver.ts';
import { parseSemverRange } from './semver-range.ts';

// What blang/semver 4.0.0 answers.
test.each<[string, string, string]>([
  ['1.0.0', '1.0.0 1.0.0+b', '1.0.1 1.0.0-a'],
  ['=1.0.0', '1.0.0', '1.0.1'],
  ['==1.0.0', '1.0.0', '1.0.1'],
  ['!1.0.0', '1.0.1', '1.0.0'],
  ['!=1.0.0', '1.0.1', '1.0.0'],
  ['>1.0.0', '1.0.1 2.0.0-a', '1.0.0'],
  ['>=1.0.0', '1.0.0', '1.0.0-rc.1 0.9.9'],
  ['<1.0.0', '0.9.9 1.0.0-rc.1', '1.0.0'],
  ['<=1.0.0', '1.0.0', '1.0.1'],
  ['>= 1.0.0', '1.0.0', '0.9.9'],
  ['>1.0.0 <2.0.0', '1.5.0', '1.0.0 2.0.0'],
  ['>1.0.0  <2.0.0', '1.5.0', '1.0.0 2.0.0'],
  ['>1.0.0 <3.0.0 !2.0.3-beta.2', '2.0.3 2.0.3-beta.1', '2.0.3-beta.2 3.0.0'],
  ['<2.0.0 || >=3.0.0', '1.9.9 3.0.0', '2.0.0 2.9.9'],
  ['>1.0.0 <2.0.0 || >3.0.0 !4.2.1', '1.2.3 3.1.1', '4.2.1 2.1.1'],
  ['>=1.2.0 <2.0.0 || 3.x', '1.2.0 3.0.0 3.9.9', '1.1.9 2.0.0 4.0.0'],
  ['1.2.x', '1.2.0 1.2.9 1.3.0-a', '1.3.0 1.1.9 1.2.0-a'],
  ['1.x', '1.0.0 1.9.9', '2.0.0'],
  ['1.x.x', '1.0.0 1.0.9', '1.1.0 2.0.0'],
  ['>1.2.x', '1.3.0', '1.2.9'],
  ['>=1.2.x', '1.2.0', '1.1.9'],
  ['<1.2.x', '1.1.9', '1.2.0'],
  ['<=1.2.x', '1.2.9', '1.3.0'],
  ['!=1.2.x', '', '1.2.0 1.1.9 1.3.0'],
  ['>=1.0.0-xyz', '1.0.0-xyz 1.0.0', '1.0.0-abc'],
])('%j holds for %j, and not for %j', (range, inside, outside) => {
  const test = parseSemverRange(range);
  const holds = (text: string) => {
    const version = parseSemver(text);
    return version !== undefined && test(version);
  };
  for (const text of inside.split(' ').filter(Boolean)) expect([text, holds(text)]).toEqual([text, true]);
  for (const text of outside.split(' ')) expect([text, holds(text)]).toEqual([text, false]);
});

test.each([
  '',
  ' ',
  '||',
  '|| 1.0.0',
  '1.0.0 ||',
  'x',
  '1',
  '1.0',
  '>',
  '1.0.0 >',
  '^1.0.0',
  '~1.0.0',
  '>1.0.0-xyz',
  '1.0.0 - 2.0.0',
  '01.x',
  '9999999999999999999.x',
])('%j is no range', (range) => {
  expect(() => parseSemverRange(range)).toThrow(ExpressionError);
});

/** blang/semver takes them for something: without what it does not know, or to panic when it is asked. */
test.each(['~1.2.x', '1.0.0 ||2.x', '1.0.0 || || 2.0.0', '1.0.0 x'])('%j is none here', (range) => {
  expect(() => parseSemverRange(range)).toThrow('is no range of versions');
});
