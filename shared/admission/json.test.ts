import { isJsonObject, own } from './json.ts';

test('only what was written is a field, and null is absent', () => {
  const object = JSON.parse('{"a":1,"no":false,"empty":"","none":null,"__proto__":{"b":2}}');
  expect([own(object, 'a'), own(object, 'no'), own(object, 'empty')]).toEqual([1, false, '']);
  expect(own(object, '__proto__')).toEqual({ b: 2 });
  for (const key of ['none', 'b', 'constructor', 'toString', 'hasOwnProperty'])
    expect(own(object, key)).toBe(undefined);
  expect(own(Object.create({ b: 2 }), 'b')).toBe(undefined);
});

test('an object is no list, null or scalar', () => {
  expect([{}, Object.create(null)].every(isJsonObject)).toBe(true);
  expect([null, undefined, [], 'text', 7, true].some(isJsonObject)).toBe(false);
});
