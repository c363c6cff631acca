import fc from 'fast-check';
import { parse } from 'yaml';
import { Report } from '../report.ts';
import { readObjects } from './objects.ts';
import { plainScalars } from './testing/scalars.ts';
import { strings } from './testing/strings.ts';
import { toJson, toYaml } from './write.ts';

function readBack(value: unknown): unknown {
  const report = new Report('f.yaml');
  const [read] = readObjects(toYaml({ value }), report).map((each) => each.value);
  expect(report.problems).toEqual([]);
  return (read as { value: unknown }).value;
}

const texts = [...strings, ...plainScalars.map(([text]) => text)];

test.each(['1.1', '1.2'] as const)('every string comes back as it was, to a reader of YAML %s as well', (version) => {
  for (const text of texts) {
    expect(readBack(text)).toBe(text);
    expect(readBack({ [text]: [text] })).toEqual({ [text]: [text] });
    expect(parse(toYaml([text]), { version })).toEqual([text]);
  }
});

test.each([
  ['on', '"on"'],
  ['no', '"no"'],
  ['1_000', '"1_000"'],
  ['0b11', '"0b11"'],
  ['22:30', '"22:30"'],
  ['2024-01-01', '"2024-01-01"'],
  ['0o17', '"0o17"'],
  ['1e3', '"1e3"'],
  ['~', '"~"'],
  ['=', '"="'],
  ['... a', '"... a"'],
  ['x: y', '"x: y"'],
  [' x', '" x"'],
  // What needs no quotes has none.
  ['nginx', 'nginx'],
  ['größer', '"größer"'],
  // What is not seen has an escape.
  ['x\u202e\u200bgnp.exe', '"x\\u202e\\u200bgnp.exe"'],
  ['l1\n\u202el2', '"l1\\n\\u202el2"'],
  ['a\u{e0041}', '"a\\U000e0041"'],
  ['\ufeff', '"\\ufeff"'],
  ['a\u009b', '"a\\u009b"'],
  ['localhost:5080/demo/signed:1@sha256:45d8', 'localhost:5080/demo/signed:1@sha256:45d8'],
  ['10Mi', '10Mi'],
  ['/bin/sh', '/bin/sh'],
  ['one two (three)', 'one two (three)'],
])('the string %j is printed as %s', (text, printed) => {
  expect(toYaml({ a: text })).toBe(`a: ${printed}\n`);
});

test('an object reads like the manifest that someone would write', () => {
  const object = {
    kind: 'Pod',
    metadata: { labels: { 'app.kubernetes.io/name': 'web' }, annotations: {}, finalizers: [] },
    spec: {
      hostNetwork: true,
      priority: 0,
      overhead: null,
      containers: [{ name: 'a', args: ['--x', ['y', { z: 1.5 }]], script: 'one\n  two\n\nthree\n', end: 'one\ntwo' }],
    },
    left: undefined,
  };
  expect(toYaml(object)).toBe(`kind: Pod
metadata:
  labels:
    app.kubernetes.io/name: web
  annotations: {}
  finalizers: []
spec:
  hostNetwork: true
  priority: 0
  overhead: null
  containers:
    - name: a
      args:
        - "--x"
        - - "y"
          - z: 1.5
      script: |
        one
          two

        three
      end: |-
        one
        two
`);
});

test('integers beyond 2^53 are printed digit by digit', () => {
  const value = { a: [9223372036854775807n, -9007199254740993n] };
  expect(toYaml(value)).toBe('a:\n  - 9223372036854775807\n  - -9007199254740993\n');
  expect(readBack(value)).toEqual(value);
  expect(toJson(value)).toBe('{\n  "a": [\n    9223372036854775807,\n    -9007199254740993\n  ]\n}');
});

test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [Symbol('x')], [() => 1]])(
  '%p is nothing that YAML can say',
  (value) => {
    expect(() => toYaml({ a: value })).toThrow(TypeError);
  },
);

test('half a character becomes U+FFFD, as in the JSON that Go prints', () => {
  expect(readBack('x\ud800')).toBe('x\ufffd');
});

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(...texts),
  fc.stringMatching(/^[-+.\d_:xobeE ]{1,12}$/),
);
const lines = fc
  .array(fc.oneof(text, fc.stringMatching(/^[ \ta-c#:-]{0,6}$/)), { maxLength: 5 })
  .map((each) => each.join('\n'));
const anyText = fc.oneof(text, lines).map((each) => each.toWellFormed());
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

/** As it comes back: there is one zero, and an integer is a bigint exactly where a double would change it. */
function canonical(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    Math.abs(value) < 2 ** 63 &&
    !/e/.test(String(value))
    ? BigInt(String(value))
    : value + 0;
}

const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    number.map(canonical),
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('whatever JSON has comes back as it was', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      expect(JSON.stringify(readBack(value), withBigints)).toBe(JSON.stringify(value, withBigints));
    }),
    { numRuns: 400 },
  );
});

const withBigints = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);
