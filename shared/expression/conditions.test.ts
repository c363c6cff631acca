import { compileExpression } from './compile.ts';
import { compileConditions, type WrittenBlock, type WrittenCondition } from './conditions.ts';
import { ExpressionError, ExpressionTooCostly } from './error.ts';
import { functionTable } from './functions/table.ts';
import { createRun } from './run.ts';
import { lazily, type Scope } from './scope.ts';
import { compileTemplate } from './template.ts';
import type { Json } from './value.ts';

const compile = (...blocks: readonly WrittenBlock[]) =>
  compileConditions(blocks, (tree, at) => compileTemplate(tree, (text) => compileExpression(text, functionTable), at));

const about = (root: Readonly<Record<string, Json>>): Scope =>
  lazily(new Map(Object.entries(root).map(([name, value]) => [name, () => value])));
const outcome = (blocks: readonly WrittenBlock[], root: Readonly<Record<string, Json>> = {}) =>
  compile(...blocks).test(about(root), createRun(0));

const is = (key: Json, value: Json, message?: string): WrittenCondition => ({
  key,
  operator: 'Equals',
  value,
  ...(message === undefined ? {} : { message }),
});
const [yes, no] = [is('a', 'a'), is('a', 'b')];
/** Names what is not there. */
const broken = is('{{ absent }}', 'x');

test.each<[string, readonly WrittenBlock[], boolean]>([
  ['no block', [], true],
  ['an empty block', [{}], true],
  ['an empty all', [{ all: [] }], true],
  ['all of them', [{ all: [yes, yes] }], true],
  ['all but one', [{ all: [yes, no] }], false],
  ['any of them', [{ any: [no, yes] }], true],
  ['none of any', [{ any: [no, no] }], false],
  ['any and all', [{ any: [no, yes], all: [yes] }], true],
  ['any and not all', [{ any: [yes], all: [yes, no] }], false],
  ['all and none of any', [{ any: [no], all: [yes] }], false],
  ['each block', [{ any: [yes] }, { all: [yes] }], true],
  ['one block but not the other', [{ any: [yes] }, { all: [no] }], false],
])('%s', (_, blocks, met) => {
  expect(outcome(blocks).met).toBe(met);
});

test('variables are rendered on both sides, with their types', () => {
  const conditions = compile({ all: [is('{{ scan.critical }}', '{{ allowed }}'), is('{{ scan.vendor }}', 'a?me')] });
  const result = (critical: Json) =>
    conditions.test(about({ scan: { critical, vendor: 'acme' }, allowed: 0 }), createRun(0)).met;
  expect(result(0)).toBe(true);
  expect(result(1)).toBe(false);
  expect(result('0')).toBe(false);
  expect(result([])).toBe(false);
});

test('what is substituted is no variable, whatever it says', () => {
  const conditions = compile({ all: [is('{{ vendor }}', '{{ wanted }}')] });
  const root = { vendor: '{{ wanted }}', wanted: 'acme' };
  expect(conditions.test(about(root), createRun(0)).met).toBe(false);
  expect(conditions.test(about({ ...root, vendor: 'acme' }), createRun(0)).met).toBe(true);
});

test.each<[string, readonly WrittenBlock[]]>([
  ['in all', [{ all: [yes, broken] }]],
  ['first in any', [{ any: [broken, yes] }]],
  ['in all, though none of any is met', [{ any: [no], all: [broken] }]],
  ['in a value', [{ all: [is('a', '{{ absent }}')] }]],
  ['in a later block', [{ all: [yes] }, { all: [broken] }]],
])('a variable without a value is an error, not a condition that is unmet: %s', (_, blocks) => {
  expect(() => outcome(blocks)).toThrow(ExpressionError);
  expect(() => outcome(blocks)).toThrow(/conditions\[\d\]\.(any|all)\[\d\]\.(key|value).*absent/);
});

test.each<[string, readonly WrittenBlock[], boolean]>([
  ['after the one of any that is met', [{ any: [yes, broken] }], true],
  ['after the first of all that is not met', [{ all: [no, broken] }], false],
  ['after a block that is not met', [{ all: [no] }, { all: [broken] }], false],
])('nothing is asked %s', (_, blocks, met) => {
  expect(outcome(blocks).met).toBe(met);
});

test('the first of all that is unmet is told, with what it came to', () => {
  const unmet: WrittenCondition = {
    key: '{{ age }}',
    operator: 'LessThanOrEquals',
    value: '{{ limit }}',
    message: 'the scan is {{ age }} old',
  };
  expect(outcome([{ all: [yes, unmet, no] }], { age: '900h0m0s', limit: '168h' })).toEqual({
    met: false,
    unmet: {
      key: '{{ age }}',
      operator: 'LessThanOrEquals',
      found: '900h0m0s',
      wanted: '168h',
      message: 'the scan is 900h0m0s old',
    },
  });
});

test('of any the last one is told, before what is unmet of all', () => {
  const result = outcome([{ any: [is('1', '2'), is([3, 'x'], [4])], all: [no] }]);
  expect(result).toEqual({
    met: false,
    unmet: { key: '[3,"x"]', operator: 'Equals', found: [3, 'x'], wanted: [4], message: '' },
  });
});

test.each<[string, string, string]>([
  ['without variables', 'too old', 'too old'],
  ['with a value that is no text', 'found {{ list }}', 'found ["a",1]'],
  ['that is a value of another type alone', '{{ list }}', '["a",1]'],
  [
    'whose variable has no value, as it is written',
    'found {{ absent }} in {{ list }}',
    'found {{ absent }} in {{ list }}',
  ],
  ['that is too long, cut', '{{ long }}', `${'x'.repeat(1024)}…`],
])('a message %s', (_, message, told) => {
  const result = outcome([{ all: [is('a', 'b', message)] }], { list: ['a', 1], long: 'x'.repeat(5000) });
  expect(result.met || result.unmet.message).toBe(told);
});

test('a message is rendered for nothing but the condition that is told', () => {
  let asked = 0;
  const scope = lazily(new Map([['why', () => `asked ${++asked}`]]));
  const conditions = compile({ any: [is('a', 'b', '{{ why }}'), is('a', 'a', '{{ why }}')] }, { all: [yes] });
  expect(conditions.test(scope, createRun(0)).met).toBe(true);
  expect(asked).toBe(0);
});

test('what costs too much ends the run, in a message too', () => {
  const long = 'x'.repeat(1_000_000);
  const key = compile({ all: [is('{{ long }}{{ long }}', 'x')] });
  expect(() => key.test(about({ long }), createRun(0, 100))).toThrow(ExpressionTooCostly);
  const message = compile({ all: [is('a', 'b', '{{ long }}')] });
  expect(() => message.test(about({ long }), createRun(0, 100))).toThrow(ExpressionTooCostly);
  expect(message.test(about({ long }), createRun(0)).met).toBe(false);
});

test('the names that conditions are about are those of keys, values and messages', () => {
  const named = compile({ any: [is('{{ a.x }}', '{{ b }}', 'of {{ c }}')] }, { all: [is('{{ d[0] }}', 'x')] });
  expect(named.names).toEqual(new Set(['a', 'b', 'c', 'd']));
  expect(compile({ all: [yes] }).names).toEqual(new Set());
  expect(compile({ all: [is('{{ keys(@) }}', ['x'])] }).names).toBeUndefined();
});

test.each<[string, WrittenBlock, RegExp]>([
  ['an any without conditions', { any: [] }, /conditions\[0\]\.any lists no condition/],
  ['a key that does not parse', { all: [yes, is('{{ a[ }}', 'x')] }, /conditions\[0\]\.all\[1\]\.key/],
  ['a value that does not parse', { any: [is('x', ['{{ a. }}'])] }, /conditions\[0\]\.any\[0\]\.value\[0\]/],
  ['a message that does not parse', { all: [is('x', 'x', '{{ ) }}')] }, /conditions\[0\]\.all\[0\]\.message/],
])('%s is refused when conditions are read', (_, block, said) => {
  expect(() => compile(block)).toThrow(ExpressionError);
  expect(() => compile(block)).toThrow(said);
});
