import fc from 'fast-check';
import { escapedNames, parseJsonText, parseJsonTextOf } from './json-text.ts';

/** As Go writes it: `<`, `>` and `&` with an escape too. */
function written(name: string): string {
  const code = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `"${JSON.stringify(name).slice(1, -1).replaceAll(/[<>&]/g, code)}"`;
}

function textOf(fields: readonly (readonly [name: string, value: unknown])[]): string {
  return `{${fields.map(([name, value]) => `${written(name)}:${JSON.stringify(value)}`).join()}}`;
}

/** The value of each field in text, so that the order of fields counts. */
function told(value: unknown): string {
  return JSON.stringify(value);
}

function fieldsOf(fields: readonly (readonly [name: string, value: unknown])[]): unknown {
  const object = {};
  for (const [name, value] of fields) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}

/** What makes V8 take one name for another: a backslash, and texts that begin with one. */
const names = ['\\', '\t', '"', '<', '\\\\', '\\t', '\\"', '\n', '>', '\\u', '\\u003c', 'a', '\\a', '\u0001'];

test('a name that is written with an escape is not taken for one that was seen before in its place', () => {
  // Whoever writes them decides which objects come first, and that V8 has seen each twice.
  for (const before of [
    ['!p', '<', '\\\\'],
    ['!p', '\\', '\\u003c', 'a'],
  ]) {
    for (let time = 0; time < 2; time += 1) JSON.parse(textOf(before.map((name) => [name, {}])));
  }
  const fields = ['!p', '<', '\\', '\\u003c'].map((name) => [name, { image: name }] as const);
  expect(told(parseJsonText(textOf(fields)))).toBe(told(fieldsOf(fields)));
  const renamed = ['!p', '<'].map((name) => [name, { image: name }] as const);
  expect(told(parseJsonText(textOf(renamed)))).toBe(told(fieldsOf(renamed)));
});

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom('__proto__', 'constructor', '1', '', "'", '\x7f', '\x7f0022', '\x7f005c', '\u{1f600}<', '\ud83d'),
  fc.constantFrom('\udfff\udfff', '\udfff\udfff0022', '\ud83f\udfff\udfff', '\ud800\udfff'),
  fc.string({ unit: 'binary' }),
);

test('is read as it is written, whatever was read before', () => {
  const fields = fc.array(fc.tuple(name, fc.oneof(fc.nat(), fc.array(fc.constantFrom(...names)))), { maxLength: 5 });
  const blank = fc.constantFrom('', ' ', '\n\t');
  fc.assert(
    fc.property(fields, fields, blank, (outer, inner, space) => {
      const text = `${space}{"in":[${textOf(inner)}]${space},"out"${space}:${space}${textOf(outer)}}`;
      const value = { in: [fieldsOf(inner)], out: fieldsOf(outer) };
      expect(told(parseJsonText(text))).toBe(told(value));
    }),
    { numRuns: 3000 },
  );
});

test('of equal names the last one counts, in the place of the first, however each is written', () => {
  const text = String.raw`{"<":1,"\"":1,"a":2,"\u003c":3,"\u0022":4,"<":5,"\u0061":6,"__proto__":7,"\u005f_proto__":8}`;
  expect(told(parseJsonText(text))).toBe(String.raw`{"<":5,"\"":4,"a":6,"__proto__":8}`);
  expect(Object.getPrototypeOf(parseJsonText(text))).toBe(Object.prototype);
});

test('text that is no JSON is none with an escape in a name', () => {
  for (const text of [
    String.raw`{"a":1\u002c":":2}`,
    String.raw`{"a":1,\"b":2}`,
    String.raw`{"\x":1}`,
    String.raw`{"\u00":1}`,
    '{"\\"\n":1}',
    String.raw`{"\"":1,}`,
    String.raw`{"\"":1}}`,
    String.raw`["\"":1]`,
    String.raw`{"\"" 1}`,
    String.raw`{"\"`,
    '\\',
  ]) {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => parseJsonText(text)).toThrow(SyntaxError);
  }
});

test('takes whatever depth there is', () => {
  const depth = 200_000;
  let value = parseJsonText(`${'{"\\"":'.repeat(depth)}1${'}'.repeat(depth)}`);
  let found = 0;
  while (typeof value === 'object' && value !== null) {
    [value] = Object.values(value);
    found += 1;
  }
  expect([found, value]).toEqual([depth, 1]);
});

test('names with an escape are told from values with one', () => {
  const text = String.raw`{"a\"b" :"c\"d","e":["\\","\n:"],"\\\\":{"f\"":1}}`;
  expect(escapedNames(text, 10)).toBe(3);
  expect(escapedNames(text, 2)).toBe(2);
  expect(escapedNames(JSON.stringify({ text: '":\\"'.repeat(1000) }), 10)).toBe(0);
});

test('what is known to be read right is not read again, as long as it is all', () => {
  for (let time = 0; time < 2; time += 1) JSON.parse(textOf([['t', 1], ['\\', 2]])); // biome-ignore format: one line
  const text = textOf([['t', 1], ['\t', 3]]); // biome-ignore format: one line
  expect(parseJsonTextOf(text, () => 0)).toEqual({ t: 1, '\t': 3 });
  let asked: unknown;
  const known = (value: unknown) => {
    asked = value;
    return 1;
  };
  expect(parseJsonTextOf(textOf([['x"', 1]]), known)).toBe(asked);
});
