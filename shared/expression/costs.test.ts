import { cpuOf } from '../../test/fixtures/cpu.ts';
import { loadRegExps } from '../regexp.ts';
import { compileExpression } from './compile.ts';
import { ExpressionTooCostly } from './error.ts';
import { functionTable } from './functions/table.ts';
import { createRun } from './run.ts';
import { evaluate, scopeOf } from './testing/evaluate.ts';
import type { Json } from './value.ts';

beforeAll(loadRegExps);

/** CPU milliseconds: several times what the costliest takes where this was written (50), for slower machines and the first time. */
const most = 400;

const list = (count: number, make: (at: number) => Json): Json => Array.from({ length: count }, (_, at) => make(at));
const fields = (count: number, name: (at: number) => string): Json =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [name(at), 1]));
const any = (at: number) => `k${at}`;

/** What is short, or looks like any other, and takes as much as what is long. */
const dear: readonly [string, string, Json][] = [
  ['quantities that are far apart, added up', 'sum(m)', list(27_000, (at) => (at % 2 === 0 ? '1e990' : '1n'))],
  ['quantities that are far apart, added', "m[].add(@, '1n')", list(27_000, () => '1e990')],
  ['quantities of many digits, multiplied', 'm[].multiply(@, `1.5`)', list(27_000, () => `${'9'.repeat(200)}e700`)],
  ['quantities of many digits, divided', 'm[].divide(@, `3`)', list(27_000, () => `${'9'.repeat(200)}e700`)],
  ['a quantity with nothing behind it, divided', 'm[].divide(@, `3`)', list(27_000, () => '1e4000')],
  ['durations of many parts', "m[].add(@, '1h')", list(9, () => '0h'.repeat(250_000))],
  ['an object of many fields, as it is', 'm', fields(120_000, any)],
  ['an object of many fields, in a list', '[[m]]', fields(120_000, any)],
  ['two objects of many fields, compared as labels', 'label_match(m, m)', fields(120_000, any)],
  ['JSON of many names', 'parse_json(m)', JSON.stringify(fields(80_000, any))],
  ['JSON of many names, that is none', '(parse_json(m))[]', `${JSON.stringify(fields(80_000, any))}}`],
  [
    'JSON of many objects, each with a name of its own',
    'parse_json(m)',
    JSON.stringify(list(60_000, (at) => ({ [any(at)]: 1 }))),
  ],
  ['JSON with half a character', 'm[].parse_json(@)', list(3, () => `"\\ud800${'\\n'.repeat(500_000)}"`)],
  ['JSON of what is escaped', 'm[].parse_json(@)', list(6, () => `"${'\\n'.repeat(500_000)}"`)],
  ['YAML of many anchors', 'parse_yaml(m)', '- &x 1\n- *x\n'.repeat(1700)],
  ['YAML of many brackets', 'parse_yaml(m)', `[${'{},'.repeat(8000)}1]`],
  ['letters of every alphabet', "m[].regex_match(@, 'x')", list(2000, (at) => `[${'\\p{L}'.repeat(60)}]${at}`)],
  [
    'the same where case does not count',
    "m[].regex_match(@, 'x')",
    list(2000, (at) => `(?i)[${'\\pL'.repeat(60)}]${at}`),
  ],
  [
    'ranges where case does not count',
    "m[].regex_match(@, 'x')",
    list(20, (at) => `(?i)[${'a-\u{10ffff}'.repeat(99)}]${at}`),
  ],
  ['the same by numbers', "m[].regex_match(@, 'x')", list(20, (at) => `(?i)[${'a-\\x{10ffff}'.repeat(70)}]${at}`)],
  ['repetitions', "m[].regex_match(@, 'x')", list(20, (at) => `${'[a-z]{1,1000}'.repeat(60)}${at}`)],
  ['repetitions of repetitions', "m[].regex_match(@, 'x')", list(20, (at) => `${'(?:x{0,99}){0,10}'.repeat(50)}${at}`)],
  [
    'repetitions behind a class',
    "m[].regex_match(@, 'x')",
    list(20, (at) => `${'[]:[:word:]]{1000}'.repeat(50)}${at}`),
  ],
  ['wildcards', "m[].pattern_match(@, 'a')", list(40, (at) => `${'*a'.repeat(100_000)}${at}`)],
  ['small patterns', "m[].regex_match(@, 'x')", list(20_000, (at) => `(?i)[^k]${at}`)],
  ['numbers where functions take text', "m[].regex_match('a', @)", list(100_000, (at) => 3.4028e38 - at * 1e31)],
  ['numbers as names', 'object_from_lists(m, m)', list(25_000, (at) => 1.1754943508222875e-38 * (at + 1))],
  ['what Go escapes', 'm[].to_string([@])', list(20_000, () => '<\u0001'.repeat(50))],
  ['what JSON escapes', 'm[].to_string([@])', list(20_000, () => '\u0001'.repeat(300))],
  ['layouts of many parts', `m[].time_parse('${'2006'.repeat(100)}', @)`, list(20_000, () => '2006'.repeat(100))],
  ['numbers of many parts', 'm[].to_number(@)', list(10_000, () => `${'1_'.repeat(500)}1`)],
  ['ranges of versions', "m[].semver_compare('1.0.0', @)", list(1000, (at) => `${'1.x || '.repeat(400)}${at}.0.0`)],
  ['one that is asked often', `m[].semver_compare(@, '${'1.x || '.repeat(500)}1.0.0')`, list(20_000, () => '2.0.0')],
];

test.each(dear)('ends within what a run may cost: %s', (_, text, m) => {
  const compiled = compileExpression(text, functionTable);
  const cpu = cpuOf(() => {
    expect(() => compiled.evaluate(scopeOf({ m }), createRun(0))).toThrow(ExpressionTooCostly);
  });
  expect(cpu).toBeLessThan(most);
});

/** The same as people have it: of ten thousand packages, or about as much as fits a megabyte. */
const honest: readonly [string, string, Json, Json][] = [
  ['sizes', 'sum(m)', list(10_000, () => '512Mi'), '5000Gi'],
  ['sizes, one by one', "m[].add(@, '1Gi') | length(@)", list(10_000, () => '512Mi'), 10_000],
  ['one size of many digits', 'multiply(m, `2`)', '1e300', '2e300'],
  ['durations', "sum(m[].add(@, '1h'))", list(1000, () => '1h30m'), '2500h0m0s'],
  ['an object of many fields', 'length(m)', fields(99_000, any), 99_000],
  ['the names of many fields', 'length(keys(m))', fields(9_000, any), 9_000],
  ['JSON of a few names', 'length(parse_json(m))', JSON.stringify(list(20_000, (at) => ({ name: 'x', at }))), 20_000],
  ['YAML', 'length(parse_yaml(m))', Array.from({ length: 500 }, (_, at) => `name ${at}: some value`).join('\n'), 500],
  [
    'a pattern',
    "m[?regex_match('^pkg:npm/[a-z]+@[0-9.]+$', @)] | length(@)",
    list(10_000, () => 'pkg:npm/a@1.0.0'),
    10_000,
  ],
  ['wildcards', "m[?pattern_match(@, 'pkg:npm/a@1.0.0')] | length(@)", list(10_000, () => 'pkg:npm/*'), 10_000],
  [
    'letters of every alphabet',
    "m[?regex_match('^\\p{L}+$', @)] | length(@)",
    list(10_000, () => '\u00e9t\u00e9'),
    10_000,
  ],
  [
    'a replacement',
    "m[].regex_replace_all('^pkg:', @, '') | [0]",
    list(10_000, () => 'pkg:npm/a@1.0.0'),
    'npm/a@1.0.0',
  ],
  ['scores', "m[?regex_match('^9', @)] | length(@)", list(10_000, (at) => (at % 100) / 10), 1000],
  ['texts', 'm[].to_string([@]) | length(@)', list(10_000, () => 'https://example.test/?a=1&b=2'), 10_000],
  [
    'times',
    "m[].time_since('', @, '2026-01-02T00:00:00Z') | [0]",
    list(10_000, () => '2026-01-01T00:00:00Z'),
    '24h0m0s',
  ],
  [
    'times of a layout',
    "m[].time_parse('Jan 2, 2006', @) | [0]",
    list(10_000, () => 'Mar 3, 2026'),
    '2026-03-03T00:00:00Z',
  ],
  ['numbers as text', 'sum(m[].to_number(@))', list(10_000, () => '1.5'), 15_000],
  ['versions', "m[?semver_compare(@, '>=1.0.0 <2.0.0')] | length(@)", list(10_000, () => '1.2.3'), 10_000],
];

test.each(honest)('is answered: %s', (_, text, m, expected) => {
  expect(evaluate(text, { m })).toEqual(expected);
});
