import { atOnce } from '../slices.ts';
import { bytesInSlice, countValues, valuesIn } from './json-bounds.ts';

const exceeds = (text: string, most: number) => valuesIn(Buffer.from(text), most) === undefined;

test.each([
  ['{"a":[{},{},{}]}', 4],
  ['[[],[],[]]', 3],
  ['[{ },{"a":{}},[[]],{}]', 7],
  ['[1,2,3]', 3],
  ['{"a":1,"b":2}', 2],
])('%s is counted as %i values', (text, values) => {
  expect(exceeds(text, values)).toBe(false);
  expect(exceeds(text, values - 1)).toBe(true);
});

test.each(['{"a":"[[[[,,,,{{{{"}', String.raw`{"a":"\"[,{\\\",,,,"}`, `{"é[[":"${'[{,'.repeat(100)}"}`])(
  'what stands in a string is no value: %s',
  (text) => {
    expect(JSON.parse(text)).toBeDefined();
    expect(exceeds(text, 1)).toBe(false);
    expect(exceeds(text, 0)).toBe(true);
  },
);

test('a string ends where the parser ends it, however long it is and whatever is escaped at its end', () => {
  for (let length = 0; length < 300; length += 1) {
    for (const end of ['', '\\\\', '\\"', '\\\\\\"', '\\"\\\\', `\\"${'x'.repeat(length)}\\"`]) {
      const text = `["${'x'.repeat(length)}${end}",1,2]`;
      expect(JSON.parse(text)).toHaveLength(3);
      expect([exceeds(text, 3), exceeds(text, 2)]).toEqual([false, true]);
    }
  }
});

test.each(['"', String.raw`["\ `, '[,"'])('text that ends in the middle of a string ends the count: %s', (text) => {
  expect(exceeds(text, 3)).toBe(false);
});

test.each(['"",', '[],', ',', ' ', '"x":1,'])('others have their turn in a long text of %j', (unit) => {
  const bytes = Buffer.from(`["a",${unit.repeat(4 * bytesInSlice)}`);
  let slices = 0;
  for (const _ of countValues(bytes, { values: bytes.length, depth: 3 })) slices += 1;
  expect(slices).toBeGreaterThanOrEqual(Math.floor(bytes.length / bytesInSlice) - 1);
  expect([...countValues(Buffer.from('["a"]'), { values: 1, depth: 1 })]).toEqual([]);
});

test('depth is counted apart from number', () => {
  const deep = (text: string, most: number) => {
    const count = atOnce(countValues(Buffer.from(text), { values: 1000, depth: most }));
    return 'exceeded' in count && count.exceeded === 'depth';
  };
  expect(deep('[{"a":[]},{"b":[]},"[[[["]', 3)).toBe(false);
  expect(deep('[{"a":[]},{"b":[]}]', 2)).toBe(true);
});

test.each<[string, number]>([
  ['{"a":1,"b":2,"c":3}', 3],
  ['[{"a":1,"b":[1,2,3,4,5]},{"c":{"d":1},"e":{}}]', 2],
  ['[1,2,3,4,5,{}]', 0],
  ['{"a":[{"b":[]},1,2,3],"c":1}', 2],
])('%s has at most %i fields in one object', (text, fields) => {
  const count = (most: number) => atOnce(countValues(Buffer.from(text), { values: 1000, depth: 9, fields: most }));
  expect(count(fields)).toHaveProperty('values');
  if (fields > 0) expect(count(fields - 1)).toEqual({ exceeded: 'fields' });
});
