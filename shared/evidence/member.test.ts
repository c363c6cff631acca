import fc from 'fast-check';
import { withoutMember } from './member.ts';

const without = (text: string) => Buffer.from(withoutMember(Buffer.from(text), 'big')).toString();

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
