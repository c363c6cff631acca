import type { Json } from '../value.ts';
import { ask, refusal } from './testing/ask.ts';

// What Kyverno 1.19.1 answers.
test.each<[string, string, Json]>([
  ['parse_json', '{"a": [1, "b", null, true, 1.5e3]}', { a: [1, 'b', null, true, 1500] }],
  ['parse_json', ' "a" ', 'a'],
  ['parse_json', '9007199254740993', 9007199254740992],
  ['parse_json', '1e-400', 0],
  ['parse_json', '{"a": 1, "a": 2}', { a: 2 }],
  ['parse_json', '"\\ud83d\\ude00"', '\u{1f600}'],
  ['parse_json', '"\\ud83d"', '\ufffd'],
  ['parse_json', '"\\ude00\\ud83d\\u0041"', '\ufffd\ufffdA'],
  ['parse_json', '"\\\\ud83d"', '\\ud83d'],
  ['parse_yaml', 'a: 1\nb: [x, "1"]\n', { a: 1, b: ['x', '1'] }],
  ['parse_yaml', '{"a": 1}', { a: 1 }],
  [
    'parse_yaml',
    'a: yes\nb: off\nc: 0o17\nd: 1_000\ne: 2020-01-01\nf: ~\n',
    {
      a: true,
      b: false,
      c: 15,
      d: 1000,
      e: '2020-01-01',
      f: null,
    },
  ],
  ['parse_yaml', 'a: 9007199254740993', { a: 9007199254740992 }],
  ['parse_yaml', '1: x\ntrue: z\n', { '1': 'x', true: 'z' }],
  ['parse_yaml', 'a: &x [1]\nb: *x\n', { a: [1], b: [1] }],
  ['parse_yaml', '---\na: 1\n...\n', { a: 1 }],
  ['parse_yaml', 'a: |\n  b\n  c\n', { a: 'b\nc\n' }],
  ['parse_yaml', 'text', 'text'],
  ['parse_yaml', '# nothing', null],
  ['parse_yaml', '', null],
])('%s(%j) is %j', (name, text, expected) => {
  expect(ask(name, [text])).toEqual(expected);
});

const bomb = Array.from({ length: 9 }, (_, at) => `a${at}: &a${at} [${at === 0 ? '1' : `*a${at - 1},`.repeat(9)}]`);

test.each([
  ['parse_json', '', 'takes JSON'],
  ['parse_json', '{', 'takes JSON'],
  ['parse_json', "{'a': 1}", 'takes JSON'],
  ['parse_json', '[1,]', 'takes JSON'],
  ['parse_json', 'NaN', 'takes JSON'],
  ['parse_json', '{} {}', 'takes JSON'],
  ['parse_json', '1e400', 'larger than a double'],
  ['parse_json', `${'['.repeat(65)}1${']'.repeat(65)}`, 'nested 64 deep at most'],
  ['parse_json', '['.repeat(1_000_000), 'nested 64 deep at most'],
  ['parse_json', '1'.repeat(1_048_577), '1048576 characters at most'],
  ['parse_yaml', 'a: [', 'takes YAML: line 1'],
  ['parse_yaml', 'a: 1\na: 2\n', "line 2: 'a' is in this mapping twice"],
  ['parse_yaml', 'a: .inf', 'a number that JSON does not have'],
  ['parse_yaml', 'a: !!binary aGk=', 'has no meaning to Kubernetes'],
  ['parse_yaml', 'a: *b', "no anchor is named 'b'"],
  ['parse_yaml', 'a: 1\n---\nb: 1\n', 'takes one document'],
  ['parse_yaml', 'a: {{ .Values.x }}', 'takes YAML: line 1'],
  ['parse_yaml', '['.repeat(5000), 'takes YAML'],
  ['parse_yaml', '- '.repeat(100), 'nested deeper than 64 levels'],
  ['parse_yaml', bomb.join('\n'), 'more than 100000 values'],
  ['parse_yaml', 'a'.repeat(24_577), '24576 characters at most'],
])('%s(%.40j) is an error', (name, text, problem) => {
  expect(refusal(name, [text])).toContain(problem);
});

test('__proto__ is a field like any other', () => {
  for (const [name, text] of [
    ['parse_json', '{"__proto__": {"polluted": true}}'],
    ['parse_yaml', '__proto__: {polluted: true}'],
  ] as const) {
    const value = ask(name, [text]);
    expect(Object.keys(value as object)).toEqual(['__proto__']);
    expect(value).not.toHaveProperty('polluted');
  }
});

test('parse_json reads names as they are written, whatever was read before, and those with an escape are paid for', () => {
  for (let time = 0; time < 2; time += 1) JSON.parse(String.raw`{"t":1,"\\":2}`);
  const text = String.raw`{"t":1,"\t":2,"\\":3}`;
  expect(JSON.stringify(ask('parse_json', [text]))).toBe(text);
  const named = (count: number, name: string) =>
    `{${Array.from({ length: count }, (_, at) => `"${name}${at}":0`).join()}}`;
  expect(ask('parse_json', [named(5000, String.raw`\"`)])).toHaveProperty(['"4999'], 0);
  expect(ask('parse_json', [named(20_000, "'")])).toHaveProperty(["'19999"], 0);
  expect(refusal('parse_json', [named(20_000, String.raw`\"`)])).toContain('steps');
});
