import { UsageError } from '../usage.ts';
import { readSelector } from './selector.ts';
import type { Expected } from './suite.ts';

function expected(parts: Partial<Expected>): Expected {
  return {
    at: { file: 'kyverno-test.yaml', line: 1, field: 'results[0]' },
    policy: 'signed',
    rule: 'check',
    result: 'pass',
    kind: undefined,
    resources: ['web'],
    specs: undefined,
    operation: undefined,
    foreign: [],
    ...parts,
  };
}

test.each<[string | undefined, Partial<Expected>, boolean]>([
  [undefined, {}, true],
  ['policy=*,rule=*,resource=*', {}, true],
  ['policy=signed', {}, true],
  ['policy=other', {}, false],
  ['policy=sig*, rule=check, resource=w?b', {}, true],
  ['policy=signed, rule=other', {}, false],
  ['resource=other', {}, false],
  ['resource=other', { resources: ['web', 'other'] }, true],
  ['resource=other', { resources: undefined }, true],
  ['rule=other', { rule: '' }, true],
])('%s on %j: %s', (selector, parts, selects) => {
  expect(readSelector(selector).selects(expected(parts))).toBe(selects);
});

test('resources that a result names are looked at one by one', () => {
  const selector = readSelector('resource=web-*');
  expect(['web-1', 'db'].map(selector.takes)).toEqual([true, false]);
});

test.each(['', 'policy', 'policy=', 'kind=Pod', 'policy=a=b', 'policy=a,policy=b', 'policy=a,'])(
  '%j is a wrong use',
  (text) => {
    expect(() => readSelector(text)).toThrow(UsageError);
  },
);
