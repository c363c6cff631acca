import fc from 'fast-check';
import { Report } from '../report.ts';
import { readObjects } from './objects.ts';
import { toYaml } from './write.ts';

function read(text: string): { values: unknown[]; problems: string[] } {
  const report = new Report('f.yaml');
  const values = readObjects(text, report).map(({ value }) => value);
  return { values, problems: report.problems.map(({ line, message }) => `${line}: ${message}`) };
}

test('values are those of JSON, integers beyond 2^53 are bigints', () => {
  const text = 'a: [1, 1.5, x, null, true]\nb: 9007199254740993\nc:\nd: {}\n';
  expect(read(text)).toEqual({
    values: [{ a: [1, 1.5, 'x', null, true], b: 9007199254740993n, c: null, d: {} }],
    problems: [],
  });
});

test('a field may be called anything', () => {
  const [value] = read('{"__proto__": {"a": 1}, "constructor": 2}').values;
  expect(Object.entries(value as object)).toEqual([
    ['__proto__', { a: 1 }],
    ['constructor', 2],
  ]);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});

test('a file of resources may be larger and deeper than one of policies', () => {
  const deep = `${'{"a": '.repeat(200)}1${'}'.repeat(200)}`;
  const large = Array.from({ length: 40_000 }, (_, index) => `- name: item-${index}\n  text: ${'x'.repeat(20)}\n`).join(
    '',
  );
  expect(read(deep).problems).toEqual([]);
  expect(read(large).problems).toEqual([]);
  expect(read(`${'{"a": '.repeat(300)}1${'}'.repeat(300)}`).problems).toEqual(['1: nested deeper than 256 levels']);
});

const tokens = [
  'a',
  ': ',
  ':',
  '\n',
  '\n',
  '\n  ',
  '\n- ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ', ',
  '? ',
  '"',
  "'",
  '|',
  '>-',
  '|2',
];
const more = [
  '&x ',
  '*x',
  '<<: ',
  ' #',
  '!!str ',
  '!!int ',
  '!foo ',
  '1',
  'on',
  '~',
  '\t',
  '...',
  '---',
  '%',
  '{{ .x }}',
  '\\n',
];

test('no text makes the reader throw, and what it reads is read again once it is written', () => {
  const text = fc.array(fc.constantFrom(...tokens, ...more), { maxLength: 14 }).map((each) => each.join(''));
  fc.assert(
    fc.property(text, (each) => {
      for (const value of read(each).values) expect(read(toYaml(value))).toEqual({ values: [value], problems: [] });
    }),
    { numRuns: 2000 },
  );
});

test('a template says how it is rendered for apply', () => {
  expect(read('kind: Pod\nname: {{ .Values.name }}\n').problems).toEqual([
    '2: {{ .Values.name }} is an unrendered Helm template: render it first: helm template … | countersign apply … --resource -',
  ]);
});
