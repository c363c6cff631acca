import { uncounted } from '../run.ts';
import { singleText } from './single.ts';

// What Go's strconv.FormatFloat(n, 'f', -1, 32) answers.
test.each<[number, string]>([
  [0, '0'],
  [-0, '-0'],
  [1, '1'],
  [-1.5, '-1.5'],
  [0.1, '0.1'],
  [1 / 3, '0.33333334'],
  [123_456_789, '123456790'],
  [16_777_216, '16777216'],
  [16_777_217, '16777216'],
  [1e20, '100000000000000000000'],
  [1e-7, '0.0000001'],
  [1e-45, '0.000000000000000000000000000000000000000000001'],
  [3.4028234663852886e38, '340282350000000000000000000000000000000'],
  [2 ** 87, '154742510000000000000000000'],
  [2 ** 90, '1237940100000000000000000000'],
  [2 ** -96, '0.000000000000000000000000000012621775'],
  [1048576.25, '1048576.2'],
  [390695.625, '390695.62'],
])('%d is written %s', (number, text) => {
  expect(singleText(number, uncounted)).toBe(text);
});

test.each([1e39, -1e39, Number.MAX_VALUE])('%d is none', (number) => {
  expect(() => singleText(number, uncounted)).toThrow('too large to be written as text');
});
