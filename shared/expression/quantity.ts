import { ExpressionError } from './error.ts';

/** How a quantity was written, and is written again: `12Mi`, `12M`, `12e6`. */
export type QuantityFormat = 'binary' | 'decimal' | 'exponent';

/**
 * An amount as Kubernetes writes it (apimachinery's resource.Quantity), exact: `unscaled` × 10^`exponent`. Nothing is carried in floating
 * point. The exponent is the one that apimachinery has after reading: what a quotient is rounded to depends on it.
 */
export interface Quantity {
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

/** Characters of a quantity: more digits are nobody's amount of anything. */
const longestText = 1024;
/** Decimal places that two quantities are brought together over: `1e2000000000` is a quantity as well. */
const mostPlaces = 4096;
/** What is smaller is rounded up: nano. */
const leastExponent = -9;
const largestBinary = 2n ** 63n - 1n;
const largestExponent = 2 ** 31 - 1;

/** Sign, digits, digits after the point, suffix: any of them may be missing, so that `+`, `.` and `Ki` are 0. */
const grammar = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const exponentSuffix = /^[eE]([-+]?[0-9]+)$/;
const decimalSuffixes = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
/** Powers of 1024. */
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * Reads a quantity as apimachinery's ParseQuantity does; `undefined` for what is none, for a text of over 1,024 characters, and for an
 * exponent outside 32 bits, which apimachinery would take for another. What has more than nine decimal places is rounded away from zero.
 */
export function parseQuantity(text: string): Quantity | undefined {
  const parts = text === '' || text.length > longestText ? null : grammar.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = parts;
  const negative = sign === '-';
  const significant = whole.replace(/^0+/, '') || '0';
  const unscaled = BigInt(significant + fraction);
  const digits = significant.length + fraction.length;

  const number = signed(unscaled, negative);

  const power = binarySuffixes.indexOf(suffix);
  if (power > 0) {
    // 2^10 stands for three decimal digits: within 14 of them apimachinery takes the number as it is.
    const short = fraction === '' && digits + 3 * power <= 14;
    if (short) return { unscaled: number << BigInt(10 * power), exponent: 0, format: 'binary' };
    return whole + fraction === '' ? undefined : readBinary(number << BigInt(10 * power), fraction.length);
  }

  const decimal = decimalSuffixes.get(suffix);
  const written = decimal ?? Number(exponentSuffix.exec(suffix)?.[1] ?? Number.NaN);
  if (!(Math.abs(written) <= largestExponent)) return undefined;
  const exponent = written - fraction.length;
  const short = digits <= 18 && exponent >= leastExponent;
  // Only the short form may do without any digit.
  if (!short && whole + fraction === '') return undefined;
  const format = decimal === undefined ? 'exponent' : 'decimal';
  return { ...(short ? { unscaled: number, exponent } : toNano(number, exponent)), format };
}

/** Decimal digits that are worked with where these two are added, compared or written, about: what that takes grows with them. */
export function digitsOfBoth(a: Quantity, b: Quantity): number {
  return digitsOf(a) + digitsOf(b) + Math.min(Math.abs(a.exponent - b.exponent), mostPlaces);
}

/** About: hexadecimal is read off without dividing. */
export function digitsOf({ unscaled }: Quantity): number {
  return Math.ceil(1.25 * unscaled.toString(16).length);
}

/** -1 where `a` is less than `b`, 1 where it is more. Exact, whatever their exponents are. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  const signs = signOf(a.unscaled) - signOf(b.unscaled);
  if (signs !== 0) return signs < 0 ? -1 : 1;
  if (a.unscaled === 0n) return 0;
  const magnitudes = magnitude(a) - magnitude(b);
  if (magnitudes !== 0) return magnitudes < 0 === a.unscaled > 0n ? -1 : 1;
  // Of the same magnitude, their exponents are no further apart than they have digits.
  const exponent = Math.min(a.exponent, b.exponent);
  return signOf(a.unscaled * tenTo(a.exponent - exponent) - b.unscaled * tenTo(b.exponent - exponent));
}

/** In the format of the first, unless that is 0. Throws ExpressionError where they are too far apart. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  const format = a.unscaled === 0n ? b.format : a.format;
  if (a.unscaled === 0n) return { ...b, format };
  if (b.unscaled === 0n) return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const unscaled = a.unscaled * tenTo(a.exponent - exponent) + b.unscaled * tenTo(b.exponent - exponent);
  return { unscaled, exponent, format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, { ...b, unscaled: -b.unscaled });
}

/** In the format of the first. */
export function multiplyQuantities(a: Quantity, b: Quantity): Quantity {
  return { unscaled: a.unscaled * b.unscaled, exponent: a.exponent + b.exponent, format: a.format };
}

/**
 * In the format of the first, with as many decimal places as the one of the two that has more, rounded towards zero, as Kyverno does
 * it. Throws ExpressionError for a divisor of 0, and where they are too far apart.
 */
export function divideQuantities(a: Quantity, b: Quantity): Quantity {
  if (b.unscaled === 0n) throw new ExpressionError('the divisor is 0');
  const exponent = Math.min(a.exponent, b.exponent);
  const places = a.exponent - b.exponent - exponent;
  const dividend = a.unscaled * tenTo(Math.max(places, 0));
  return { unscaled: dividend / (b.unscaled * tenTo(Math.max(-places, 0))), exponent, format: a.format };
}

/** As apimachinery's AsApproximateFloat64 has it, to the last bit. */
export function approximateQuantity({ unscaled, exponent }: Quantity): number {
  const base = Number(unscaled);
  return exponent === 0 ? base : base * powerOfTen(exponent);
}

/**
 * The canonical text: no decimal places, the largest suffix that loses nothing. Throws ExpressionError where no suffix is large or small
 * enough: apimachinery leaves it out then, which is another amount.
 */
export function formatQuantity(quantity: Quantity): string {
  if (quantity.unscaled === 0n) return '0';
  const text = (quantity.format === 'binary' ? binaryText(quantity) : undefined) ?? decimalText(quantity);
  if (text === undefined) throw new ExpressionError('the result is outside what quantities have suffixes for');
  return text;
}

function readBinary(shifted: bigint, places: number): Quantity {
  const nano = toNano(shifted, -places);
  const one = tenTo(-nano.exponent);
  const size = shifted < 0n ? -nano.unscaled : nano.unscaled;
  if (size > largestBinary * one)
    return { unscaled: signed(largestBinary, shifted < 0n), exponent: 0, format: 'binary' };
  return { ...nano, format: size > 0n && size < one ? 'decimal' : 'binary' };
}

/** With nine decimal places, rounded away from zero. What is too large to be written out so stays as it is. */
function toNano(unscaled: bigint, exponent: number): Omit<Quantity, 'format'> {
  const places = exponent - leastExponent;
  if (unscaled === 0n || places > mostPlaces) return { unscaled, exponent };
  if (places >= 0) return { unscaled: unscaled * tenTo(places), exponent: leastExponent };
  const away = unscaled < 0n ? -1n : 1n;
  if (-places > longestText * 2) return { unscaled: away, exponent: leastExponent };
  const divisor = tenTo(-places);
  const kept = unscaled / divisor;
  return { unscaled: unscaled % divisor === 0n ? kept : kept + away, exponent: leastExponent };
}

function decimalText({ unscaled, exponent, format }: Quantity): string | undefined {
  const digits = unscaled.toString();
  const bare = withoutZeros(digits);
  const least = exponent + digits.length - bare.length;
  const extra = ((least % 3) + 3) % 3;
  const number = bare + '0'.repeat(extra);
  const power = least - extra;
  if (format === 'exponent') return power === 0 ? number : `${number}e${power}`;
  for (const [suffix, meant] of decimalSuffixes) if (meant === power) return number + suffix;
  return undefined;
}

/** `undefined` for what is written as a decimal: less than 1Ki, or no whole number. */
function binaryText({ unscaled, exponent }: Quantity): string | undefined {
  const divisor = tenTo(Math.max(-exponent, 0));
  if (unscaled % divisor !== 0n) return undefined;
  let number = (unscaled / divisor) * tenTo(Math.max(exponent, 0));
  if (number > -1024n && number < 1024n) return undefined;
  let power = 0;
  while (power < binarySuffixes.length && number % 1024n === 0n) {
    number /= 1024n;
    power += 1;
  }
  const suffix = binarySuffixes[power];
  if (suffix === undefined) throw new ExpressionError('the result is outside what quantities have suffixes for');
  return number + suffix;
}

/** Without those at its end. An expression would begin anew at each zero of many that do not stand there. */
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charAt(end - 1) === '0') end -= 1;
  return digits.slice(0, end);
}

/** The power of ten above it. */
function magnitude({ unscaled, exponent }: Quantity): number {
  return exponent + unscaled.toString().replace('-', '').length;
}

function signOf(number: bigint): -1 | 0 | 1 {
  if (number === 0n) return 0;
  return number < 0n ? -1 : 1;
}

function signed(number: bigint, negative: boolean): bigint {
  return negative ? -number : number;
}

function tenTo(places: number): bigint {
  if (places > mostPlaces) throw new ExpressionError('the quantities are too far apart');
  return 10n ** BigInt(places);
}

/** As Go's math.Pow10 rounds: a product, or a quotient, of two powers that are exact to the last bit. */
function powerOfTen(exponent: number): number {
  if (exponent > 308) return Number.POSITIVE_INFINITY;
  if (exponent < -323) return 0;
  const places = Math.abs(exponent);
  const tens = places % 32;
  const rest = places - tens;
  return exponent >= 0 ? Number(`1e${rest}`) * Number(`1e${tens}`) : Number(`1e-${rest}`) / Number(`1e${tens}`);
}
