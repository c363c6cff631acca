import { jest } from '@jest/globals';
import fc from 'fast-check';
import { bytesInSlice } from '../net/json-bounds.ts';
import { atOnce } from '../slices.ts';
import { withoutMember } from './member.ts';

const without = (text: string) => Buffer.from(atOnce(withoutMember(Buffer.from(text), 'big', 100))).toString();

test.each([
  ['{"a":1,"big":{"x":[1,2,{"big":3}]},"b":2}', '{"a":1,"big":null,"b":2}'],
  ['{"big":[[]]}', '{"big":null}'],
  ['{ "big" : "}]\\",{" , "b" : {"big":1} }', '{ "big" :null, "b" : {"big":1} }'],
  ['{"b\\u0069g":{},"big":1}', '{"b\\u0069g":null,"big":null}'],
  ['{"a":{"big":1},"bigger":2,"bi":3}', '{"a":{"big":1},"bigger":2,"bi":3}'],
  ['[{"big":1}]', '[{"big":1}]'],
  ['{"a":"big"}', '{"a":"big"}'],
])('%s', (text, expected) => {
  expect(without(text)).toBe(expected);
  expect(Object.keys(JSON.parse(expected))).toEqual(Object.keys(JSON.parse(text)));
});

test.each(['', '{', '{"big":', '{"big":{', '{"big', '}{"big":1', 'text', '[]]]]"big":1,'])(
  '%s stays no JSON',
  (text) => {
    expect(() => JSON.parse(without(text))).toThrow();
  },
);

test('a name given very often is not looked for without end', () => {
  const text = `{${'"big":1,'.repeat(1000)}"a":1}`;
  expect(without(text).match(/null/g)).toHaveLength(16);
});

const mebibytes = (unit: string, count = 4) => unit.repeat(Math.ceil((count * 1024 * 1024) / unit.length));

test.each(['"",', '"bog",', '"big",', '"b\\u0069g",', '"b\\u0069g",', '"big" ', '"bog":1,', `"${'x'.repeat(18)}":1,`])(
  'no string is parsed that cannot be the name: %s',
  (unit) => {
    const parsing = jest.spyOn(JSON, 'parse');
    const text = `{${mebibytes(unit)}"b\\u0069g":1}`;
    const small = atOnce(withoutMember(Buffer.from(text), 'big', Number.POSITIVE_INFINITY));
    expect(parsing).toHaveBeenCalledTimes(1);
    parsing.mockRestore();
    expect(Buffer.from(small.subarray(-15)).toString()).toBe('b\\u0069g":null}'.slice(-15));
  },
);

test('of more members than a statement has, none is looked at', () => {
  const parsing = jest.spyOn(JSON, 'parse');
  expect(without(`{${'"b\\u0069x":1,'.repeat(99)}"big":1}`)).toMatch(/"big":null\}$/);
  expect(parsing).toHaveBeenCalledTimes(99);
  expect(without(`{${'"b\\u0069x":1,'.repeat(5000)}"big":1}`)).toMatch(/"big":1\}$/);
  expect(parsing).toHaveBeenCalledTimes(99 + 100);
  parsing.mockRestore();
});

test.each(['"",', '[],', ',', 'é', '"x":1,', ' '])('others have their turn in a long text of %j', (unit) => {
  const bytes = Buffer.from(`{"a":1,${mebibytes(unit)}`);
  let slices = 0;
  for (const _ of withoutMember(bytes, 'big', Number.POSITIVE_INFINITY)) slices += 1;
  expect(slices).toBeGreaterThanOrEqual(Math.floor(bytes.length / bytesInSlice) - 1);
  expect([...withoutMember(Buffer.from('{"big":[]}'), 'big', 100)]).toEqual([]);
});

test('of any object only that member changes', () => {
  const keys = fc.constantFrom('big', 'bi"g', 'big\\\\', 'x');
  const objects = fc.dictionary(keys, fc.jsonValue()).map((object): Readonly<Record<string, unknown>> => object);
  fc.assert(
    fc.property(objects, fc.constantFrom(undefined, 1), (object, indent) => {
      const expected = 'big' in object ? { ...object, big: null } : object;
      expect(JSON.parse(without(JSON.stringify(object, null, indent)))).toEqual(JSON.parse(JSON.stringify(expected)));
    }),
  );
});
