import { ExpressionError } from './error.ts';
import {
  addQuantities,
  approximateQuantity,
  compareQuantities,
  divideQuantities,
  formatQuantity,
  multiplyQuantities,
  parseQuantity,
  type Quantity,
  subtractQuantities,
} from './quantity.ts';

function quantity(text: string): Quantity {
  const read = parseQuantity(text);
  if (read === undefined) throw new Error(`${text} is no quantity`);
  return read;
}

// What apimachinery 0.36.3 answers.
test.each([
  ['0', '0'],
  ['-0', '0'],
  ['+', '0'],
  ['.', '0'],
  ['.Ki', '0'],
  ['Ki', '0'],
  ['m', '0'],
  ['1', '1'],
  ['+1', '1'],
  ['007', '7'],
  ['.5', '500m'],
  ['1.', '1'],
  ['1.G', '1G'],
  ['1.5', '1500m'],
  ['1000', '1k'],
  ['1500', '1500'],
  ['1000000', '1M'],
  ['1.5Gi', '1536Mi'],
  ['1024', '1024'],
  ['1024Ki', '1Mi'],
  ['1000Ki', '1000Ki'],
  ['0.5Ki', '512'],
  ['0.0001Ki', '102400u'],
  ['0.00000000001Ki', '11n'],
  ['-1.5Gi', '-1536Mi'],
  ['100m', '100m'],
  ['0.1m', '100u'],
  ['0.1n', '1n'],
  ['-0.1n', '-1n'],
  ['1.0000000001', '1000000001n'],
  ['12e6', '12e6'],
  ['12E6', '12e6'],
  ['1e4', '10e3'],
  ['1e-4', '100e-6'],
  ['1e+0003', '1e3'],
  ['1e-12', '1e-9'],
  ['1E', '1E'],
  ['5e0', '5'],
  ['1e300', '1e300'],
  ['1e2000000000', '100e1999999998'],
  ['1e-2000000000', '1e-9'],
  ['8Ei', '9223372036854775807'],
  ['-8Ei', '-9223372036854775807'],
  ['7.5Ei', '7680Pi'],
  ['9223372036854775807', '9223372036854775807'],
  ['9223372036854775808', '9223372036854775808'],
])('%j is written %j', (text, written) => {
  expect(formatQuantity(quantity(text))).toBe(written);
});

test.each([
  '',
  ' 1',
  '1 ',
  '--1',
  '1.2.3',
  '.Ei',
  '-.e-20',
  '1e',
  '1ee5',
  '1e5.5',
  '1k5',
  '1-5',
  '1+',
  '1K',
  '1ki',
  '1g',
  '1h',
  '0x10',
  '1_000',
  '１',
  'e20000000000',
  '1e2147483648',
  '1'.repeat(1025),
])('%j is none', (text) => {
  expect(parseQuantity(text)).toBeUndefined();
});

test.each<[string, string, -1 | 0 | 1]>([
  ['1', '1000m', 0],
  ['1Ki', '1024', 0],
  ['1k', '1Ki', -1],
  ['1Gi', '1000M', 1],
  ['-1', '1', -1],
  ['1', '-1', 1],
  ['0', '-0Ki', 0],
  ['-2Gi', '-1Gi', -1],
  ['-1m', '-1', 1],
  ['0.1', '100m', 0],
  ['9007199254740993', '9007199254740992', 1],
  ['1e2000000000', '1e1999999999', 1],
  ['-1e2000000000', '1e-9', -1],
  ['1e2000000000', '10e1999999999', 0],
  ['1n', '0', 1],
])('%s compared with %s', (a, b, order) => {
  expect(compareQuantities(quantity(a), quantity(b))).toBe(order);
});

test.each([
  ['1Gi', '512Mi', '1536Mi', '512Mi'],
  ['1', '1m', '1001m', '999m'],
  ['1Ki', '1', '1025', '1023'],
  ['1', '1Ki', '1025', '-1023'],
  ['0', '1Ki', '1Ki', '-1Ki'],
  ['1Ki', '1m', '1024001m', '1023999m'],
  ['1e3', '1', '1001', '999'],
  ['0.1', '0.2', '300m', '-100m'],
  ['5Gi', '5Gi', '10Gi', '0'],
])('%s and %s: the sum is %s, the difference %s', (a, b, sum, difference) => {
  expect(formatQuantity(addQuantities(quantity(a), quantity(b)))).toBe(sum);
  expect(formatQuantity(subtractQuantities(quantity(a), quantity(b)))).toBe(difference);
});

test.each([
  ['1Gi', '2', '2Gi', '512Mi'],
  ['1Gi', '3', '3Gi', '357913941'],
  ['10', '4', '40', '2'],
  ['1.0', '4', '4', '200m'],
  ['10m', '3', '30m', '3m'],
  ['-7', '2', '-14', '-3'],
  ['5k', '2', '10k', '2500'],
])('%s by %s: the product is %s, the quotient %s', (a, b, product, quotient) => {
  expect(formatQuantity(multiplyQuantities(quantity(a), quantity(b)))).toBe(product);
  expect(formatQuantity(divideQuantities(quantity(a), quantity(b)))).toBe(quotient);
});

test('nothing is divided by 0', () => {
  expect(() => divideQuantities(quantity('1'), quantity('0'))).toThrow(ExpressionError);
});

test('what no suffix is for is an error, where apimachinery leaves it out and means another amount', () => {
  expect(() => formatQuantity(quantity('1000E'))).toThrow('outside what quantities have suffixes for');
  expect(() => formatQuantity(multiplyQuantities(quantity('1n'), quantity('1m')))).toThrow(ExpressionError);
  expect(() => formatQuantity(multiplyQuantities(quantity('4Ei'), quantity('1Ki')))).toThrow(ExpressionError);
  expect(formatQuantity(quantity('999E'))).toBe('999E');
});

test('what would take billions of digits to work out is an error', () => {
  const large = quantity('1e2000000000');
  expect(() => addQuantities(large, quantity('1'))).toThrow('too far apart');
  expect(() => divideQuantities(large, quantity('3'))).toThrow('too far apart');
  expect(addQuantities(large, quantity('0'))).toBe(large);
});

test.each<[string, number]>([
  ['1', 1],
  ['0.1', 0.1],
  ['1.5Gi', 1610612736],
  ['1e22', 1e22],
  ['123456789012345678', 123456789012345680],
  ['1e2000000000', Number.POSITIVE_INFINITY],
])('%s is about %d', (text, number) => {
  expect(approximateQuantity(quantity(text))).toBe(number);
});
