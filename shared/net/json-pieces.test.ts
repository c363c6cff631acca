import fc from 'fast-check';
import { parseJsonText } from '../json-text.ts';
import { atOnce } from '../slices.ts';
import { parseJson } from './json.ts';
import { bytesInPiece, parsePieces } from './json-pieces.ts';

const inPieces = (text: string, bytes: number) => atOnce(parsePieces(Buffer.from(text), bytes));

/** As text once more, so that the order of fields counts, and own fields alone; or that it is none. */
function told(parse: () => unknown): string {
  try {
    const value = parse();
    return JSON.stringify(value);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return 'no JSON';
  }
}

/** Whole numbers are put in order by the engine. */
const name = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '',
    '__proto__',
    'constructor',
    'toString',
    '1',
    '0',
    '-1',
    '\u00e9',
    '\u{1f600}',
    '"',
    '{',
    ',',
    ' ',
  ),
  fc.constantFrom('\\', '\t', '\\t', '\\\\', '\n'),
  fc.string(),
);
const leaf = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1.5e-7',
    '1e400',
    '123456789012345678901',
    '"\\ud83d\\ude00"',
    '"\\ud83d"',
    '"\\u0041\\n"',
  ),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('[]', '{}', '[ ]', '{\n}', '"]"', '"}"', '",\\","', '"\\\\"', '"\\\\\\""', '"[{"'),
);
const blank = fc.constantFrom('', '', '', ' ', '\n\t', '\r ');

/** Text of JSON as people and machines write it, with names that are given twice. */
const { text } = fc.letrec<{ text: string }>((tie) => {
  const around = (inner: fc.Arbitrary<string>) => fc.tuple(blank, inner, blank).map((parts) => parts.join(''));
  const value = around(tie('text'));
  const member = fc.tuple(around(name.map((each) => JSON.stringify(each))), value).map((parts) => parts.join(':'));
  return {
    text: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(value, { maxLength: 6 }).map((items) => `[${items.join(',')}]`),
      fc.array(member, { maxLength: 6 }).map((members) => `{${members.join(',')}}`),
    ),
  };
});
const pieces = fc.integer({ min: 0, max: 40 });

test('comes to what the whole comes to, however small the pieces are', () => {
  fc.assert(
    fc.property(text, blank, pieces, (written, after, bytes) => {
      const whole = written + after;
      expect(told(() => inPieces(whole, bytes))).toBe(told(() => parseJsonText(whole)));
    }),
    { numRuns: 3000 },
  );
});

test('what is no JSON is none, however it is taken apart', () => {
  const broken = fc
    .tuple(
      text,
      fc.nat(),
      fc.integer({ min: 0, max: 2 }),
      fc.constantFrom(...'[]{},:" 1a\\n', '', 'null', '[],', '{}', '"x":', ',,'),
    )
    .map(([written, place, removed, put]) => {
      const at = place % (written.length + 1);
      return written.slice(0, at) + put + written.slice(at + removed);
    });
  fc.assert(
    fc.property(broken, pieces, (written, bytes) => {
      // Half a character is no UTF-8, and becomes another one.
      fc.pre(written.isWellFormed());
      expect(told(() => inPieces(written, bytes))).toBe(told(() => parseJsonText(written)));
    }),
    { numRuns: 5000 },
  );
});

test.each([
  '[[1,2],[3,4]',
  '[[1,2]3,4]',
  '[[1,2],,3]',
  '[[1,2],]',
  '[[1,2] [3,4],5]',
  '[1,2},3]',
  '{"a":[1,2},"b":3}',
  '{"a":[1,2] "b":3,"c":4}',
  '{"a" [1,2],"b":3}',
  '{[1,2],"b":3}',
  '{"a":1,}',
  '{"a":"b":[1,2],"c":3}',
  '["a":[1,2],3]',
  '[1,2],3',
  '[1,2] 3',
  '[1,2]]',
  'x[1,2,3]',
  '[1,2,3',
  '[,1]',
  '[1,2,"]',
  '{"a":1,{"b":2,"c":3},"d":4}',
  ',',
  '',
])('%s is no JSON', (written) => {
  for (let bytes = 0; bytes < 20; bytes += 1) expect(told(() => inPieces(written, bytes))).toBe('no JSON');
  expect(() => JSON.parse(written)).toThrow(SyntaxError);
});

test('a name is a field of its own, whichever it is, and of equal ones the last one counts', () => {
  const written = '{"a":[0,1],"__proto__":{"x":[1,2]},"constructor":1,"a":[2,3],"__proto__":[3,4],"b":5}';
  for (let bytes = 0; bytes < written.length; bytes += 1) {
    const value = inPieces(written, bytes);
    expect(Object.keys(Object(value))).toEqual(['a', '__proto__', 'constructor', 'b']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')?.value).toEqual([3, 4]);
    expect(value).toHaveProperty('a', [2, 3]);
  }
});

describe('a large text', () => {
  const limits = { values: 1_000_000, depth: 64 };

  test.each<[string, unknown]>([
    [
      'a list of objects',
      Array.from({ length: 40_000 }, (_, at) => ({ name: `package-${at}`, at, licences: ['MIT'] })),
    ],
    ['a list within', { about: { packages: Array.from({ length: 200_000 }, (_, at) => at) }, after: true }],
    ['an object of many fields', Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`k${at}`, { at }]))],
    ['lists in lists, each nearly a piece', nested(30)],
  ])('is parsed in slices of a piece each: %s', (_, value) => {
    const bytes = Buffer.from(JSON.stringify(value));
    let slices = 0;
    let parsed: unknown;
    for (const slicing = parseJson(bytes, limits); ; slices += 1) {
      const { done, value: result } = slicing.next();
      parsed = result;
      if (done) break;
    }
    expect(slices).toBeGreaterThanOrEqual(Math.floor(bytes.length / (2 * bytesInPiece)));
    expect(JSON.stringify(Object(parsed).value)).toBe(bytes.toString());
  });

  /** Each list ends just before it would be taken apart by itself. */
  function nested(depth: number): unknown {
    const filling = 'x'.repeat(bytesInPiece - 20);
    return Array.from({ length: depth }).reduce<unknown>((inner) => [filling, inner], 1);
  }

  test('one that breaks at its end is none', () => {
    const bytes = Buffer.from(`[${'{"a":[1,2]},'.repeat(20_000)}{"a":[1,2}]`);
    expect(atOnce(parseJson(bytes, limits))).toEqual({ problem: 'syntax' });
  });

  test('the values are told before they are parsed, and whoever is told may refuse', () => {
    const bytes = Buffer.from(`[${'{"a":[1,2]},'.repeat(20_000)}{}]x`);
    const refuse = (values: number) => {
      throw new RangeError(`${values} values`);
    };
    expect(() => atOnce(parseJson(bytes, limits, refuse))).toThrow('80001 values');
  });
});
