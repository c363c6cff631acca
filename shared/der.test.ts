import {
  bits,
  boolean,
  explicit,
  generalizedTime,
  integer,
  nothing,
  octets,
  oid,
  sequence,
  tagged,
  utf8,
} from '../test/fixtures/authority/der.ts';
import { cpuOf } from '../test/fixtures/cpu.ts';
import { at, elements, encode, parseDer, tagged as withTag } from './der.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('values and what they are made of, with the bytes that they were read from', () => {
  const inner = sequence(integer(5), explicit(3, utf8('text')));
  const value = parseDer(sequence(octets(inner), boolean(true)));
  expect(at(value, 0, 0, 0).toInteger()).toBe(5);
  expect(withTag(at(value, 0, 0), 3)?.subs[0]?.value.toString()).toBe('text');
  expect(at(value, 0, 0).raw).toEqual(inner);
  expect(at(value, 1).toBoolean()).toBe(true);
  expect(() => at(value, 2)).toThrow('an element is missing');
  expect(() => at(value, 1, 0)).toThrow('an element is missing');
});

test.each([0, 1, 127, 128, 255, 256, 65_000])('a length of %d bytes, and what is written anew', (length) => {
  const value = octets(Buffer.alloc(length, 0xff));
  const read = parseDer(value);
  expect(read.octets).toHaveLength(length);
  expect(encode(0x04, read.octets)).toEqual(value);
});

test.each([
  ['nothing', ''],
  ['a tag alone', '30'],
  ['too little', '3003 0101'],
  ['too much', '0500 00'],
  ['an indefinite length', '3080 0000'],
  ['a length in more bytes than it needs', '048101 61'],
  ['a length with a leading zero', '0482 0080'.concat('61'.repeat(128))],
  ['a length of five bytes', '0485 0000000001 61'],
  ['a tag of several bytes', '1f8101 00'],
])('%s is no DER', (_, text) => {
  expect(() => parseDer(hex(text))).toThrow();
});

test('more than 64 KB are not read, and junk in it costs nothing', () => {
  expect(() => parseDer(octets(Buffer.alloc(64 * 1024)))).toThrow('DER of over 65536 bytes');
  const junk = sequence(Buffer.alloc(60_000, hex('0401ff')));
  const cpu = cpuOf(() => {
    expect(() => parseDer(junk).subs).toThrow('over 1000 elements in one value');
    expect(parseDer(sequence(Buffer.alloc(2000, hex('0500')))).subs).toHaveLength(1000);
  });
  expect(cpu).toBeLessThan(400);
});

test.each(['1.2.840.113549.1.9.16.1.4', '2.5.29.17', '0.9.2342', '1.3.6.1.4.1.57264.1.8', '2.5.29.37.0'])(
  '%s',
  (text) => {
    expect(parseDer(oid(text)).toOID()).toBe(text);
  },
);

test.each([
  ['no number', '0600'],
  ['one that does not end', '06018f'],
  ['one with zeros before it, which is another spelling', '0604551d8025'],
])('an OID of %s', (_, text) => {
  expect(() => parseDer(hex(text)).toOID()).toThrow('no OBJECT IDENTIFIER of DER');
});

test('an OID whose number is larger than 32 or 64 bits is no other one', () => {
  const large = hex('0615 551d a4 80808080 80808080 80808080 80808080 25'.replace('15', '14'));
  expect(parseDer(large.subarray(0, 2 + large.length - 2)).toOID()).not.toBe('2.5.29.37');
});

test('whatever is asked of another kind throws', () => {
  const value = parseDer(nothing());
  for (const ask of [
    () => value.toBoolean(),
    () => value.toInteger(),
    () => value.toOID(),
    () => value.toTime(),
    () => value.octets,
    () => value.hasBit(0),
    () => value.toEnumerated(),
    () => value.integerBytes,
    () => value.bitBytes,
    () => value.toDate(),
  ]) {
    expect(ask).toThrow(/^no /);
  }
  expect(value.subs).toEqual([]);
  for (const text of ['010101', '0100', '01020000'])
    expect(() => parseDer(hex(text)).toBoolean()).toThrow('no BOOLEAN of DER');
  for (const text of ['0200', `0207${'00'.repeat(7)}`]) expect(() => parseDer(hex(text)).toInteger()).toThrow();
  expect(parseDer(hex('0201ff')).toInteger()).toBe(-1);
});

test('bits', () => {
  const value = parseDer(bits(Buffer.from([0b0000_0110]), 1));
  expect(
    Array.from({ length: 16 }, (_, index) => value.hasBit(index)).flatMap((set, index) => (set ? [index] : [])),
  ).toEqual([5, 6]);
});

test('the whole bytes of a BIT STRING, and no others', () => {
  expect(parseDer(bits(Buffer.from('key'))).bitBytes.toString()).toBe('key');
  expect(() => parseDer(bits(Buffer.from([0xfe]), 1)).bitBytes).toThrow('other than whole bytes');
  expect(() => parseDer(hex('0300')).bitBytes).toThrow();
});

test('an INTEGER of any size, in its one encoding', () => {
  const serial = `00${'ab'.repeat(20)}`;
  expect(parseDer(hex(`0215${serial}`)).integerBytes.toString('hex')).toBe(serial);
  expect(parseDer(hex('020100')).integerBytes).toEqual(hex('00'));
  for (const text of ['0200', '02020001', '0202ff80']) {
    expect(() => parseDer(hex(text)).integerBytes).toThrow('no INTEGER of DER');
  }
});

test('ENUMERATED of one byte', () => {
  expect(parseDer(hex('0a0106')).toEnumerated()).toBe(6);
  for (const text of ['0a00', '0a020001']) expect(() => parseDer(hex(text)).toEnumerated()).toThrow('unexpected size');
});

test('dates: two digits of a year are of 1950 to 2049', () => {
  const dateOf = (text: string, tag = 0x17) =>
    new Date(parseDer(tagged(tag, Buffer.from(text))).toDate()).toISOString();
  expect(dateOf('491231235959Z')).toBe('2049-12-31T23:59:59.000Z');
  expect(dateOf('500101000000Z')).toBe('1950-01-01T00:00:00.000Z');
  expect(dateOf('20500101000000Z', 0x18)).toBe('2050-01-01T00:00:00.000Z');
  for (const text of ['4912312359Z', '20491231235959Z', '491231235959+0100', '490230000000Z']) {
    expect(() => dateOf(text)).toThrow();
  }
  // Where a GeneralizedTime is asked for, an UTCTime is none.
  expect(() => parseDer(tagged(0x17, Buffer.from('491231235959Z'))).toTime()).toThrow('no GeneralizedTime');
});

test('more elements than a value may have are there for who takes them one by one, and more bytes for who asks', () => {
  const many = sequence(...Array.from({ length: 1001 }, () => nothing()));
  expect(() => parseDer(many).subs).toThrow('over 1000 elements');
  expect([...elements(parseDer(many).value)]).toHaveLength(1001);
  const long = octets(Buffer.alloc(70_000));
  expect(() => parseDer(long)).toThrow('DER of over 65536 bytes');
  expect(parseDer(long, 80_000).octets).toHaveLength(70_000);
});

test('of two elements with a tag the first one that is asked for', () => {
  const value = parseDer(sequence(explicit(0, utf8('a')), explicit(0, utf8('b'))));
  expect(withTag(value, 0)?.subs[0]?.value.toString()).toBe('a');
  expect(withTag(value, 0, 1)?.subs[0]?.value.toString()).toBe('b');
});

describe('GeneralizedTime', () => {
  const moment = new Date('2026-02-28T23:59:59Z');
  test.each([
    ['', 0],
    ['.5', 500],
    ['.99', 990],
    ['.123456789', 123],
    [`.${'9'.repeat(40)}`, 999],
  ])('with the fraction %j', (fraction, milliseconds) => {
    expect(parseDer(generalizedTime(moment, fraction)).toTime()).toBe(moment.getTime() + milliseconds);
  });

  test.each([
    '20260230000000Z',
    '20261301000000Z',
    '20260101240000Z',
    '20260101006000Z',
    '20260101000060Z',
    '260101000000Z',
    '20260101000000',
    '20260101000000+0100',
    '20260101000000.Z',
    '20260101000000,5Z',
    '2026010100Z',
    ' 20260101000000Z',
  ])('%s is no time', (text) => {
    expect(() => parseDer(tagged(0x18, Buffer.from(text))).toTime()).toThrow();
  });
});

test.each([
  ['UTF8String', '0c02c3bc', 'ü'],
  ['PrintableString', '130141', 'A'],
  ['NumericString', '120231 20', '1 '],
  ['T61String, as Latin-1', '1401fc', 'ü'],
  ['IA5String', '16026140', 'a@'],
  ['BMPString', '1e0400fc0041', 'üA'],
])('the text of a %s', (_, text, expected) => {
  expect(parseDer(hex(text)).toText()).toBe(expected);
});

test.each([
  ['an OCTET STRING', '040161'],
  ['a UTF8String that is not UTF-8', '0c01ff'],
  ['a PrintableString with other characters', '130140'],
  ['an IA5String with other characters', '1601fc'],
  ['a BMPString that ends within a character', '1e0141'],
])('%s has none', (_, text) => {
  expect(() => parseDer(hex(text)).toText()).toThrow();
});
