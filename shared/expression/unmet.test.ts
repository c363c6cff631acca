import { tellUnmet } from './unmet.ts';
import type { Json } from './value.ts';

const told = (found: Json, wanted: Json, max?: number, message = '', key = '{{ x }}') =>
  tellUnmet({ key, operator: 'Equals', found, wanted, message }, max);

test('says what was found, and what was wanted', () => {
  const unmet = {
    key: "{{ time_since('', scannedOn, '') }}",
    operator: 'LessThanOrEquals',
    found: '900h0m0s',
    wanted: '168h',
    message: '',
  } as const;
  const text = "{{ time_since('', scannedOn, '') }} is 900h0m0s, wanted LessThanOrEquals 168h";
  expect(tellUnmet(unmet)).toBe(text);
  expect(tellUnmet({ ...unmet, message: 'the scan is old' })).toBe(`the scan is old: ${text}`);
});

test.each<[Json, string]>([
  [null, 'null'],
  [true, 'true'],
  ['true', '"true"'],
  [5, '5'],
  ['5', '"5"'],
  ['1e3', '"1e3"'],
  ['', '""'],
  [' a', '" a"'],
  ['two words', '"two words"'],
  ['["a"]', '"[\\"a\\"]"'],
  ['ghcr.io/acme/app:v1', 'ghcr.io/acme/app:v1'],
  ['名前', '名前'],
  [['a', 1, null], '["a",1,null]'],
  [{ b: {}, a: [[]] }, '{"b":{},"a":[[]]}'],
])('%j is written so that it is nothing else', (value, text) => {
  expect(told(value, value)).toBe(`{{ x }} is ${text}, wanted Equals ${text}`);
});

test('foreign text does nothing', () => {
  const nasty = 'a\n\u001b[2J\u202e';
  const text = told(nasty, [nasty, { [nasty]: 1 }], 900, nasty, nasty);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there.
  expect(text).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(text).toContain('a\\n\\u001b[2J');
});

test.each([40, 300, 1000])('is no longer than %i characters, whatever the values are', (max) => {
  const long = '\u{1f600}'.repeat(500_000);
  let deep: Json = 'x';
  for (let level = 0; level < 120; level++) deep = [deep, long];
  const values: readonly Json[] = [
    long,
    deep,
    Array.from({ length: 100_000 }, () => 'a'),
    Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, at])),
    { [long]: long },
  ];
  for (const value of values) {
    expect(told(value, value, max).length).toBeLessThan(max + 10);
    expect(told(value, value, max, long, long).length).toBeLessThan(max + 10);
  }
});

test('of long values each is shown in part', () => {
  expect(told(['a'.repeat(500)], 'b'.repeat(500))).toMatch(/^\{\{ x \}\} is \["a+…, wanted Equals "b+…$/);
});
