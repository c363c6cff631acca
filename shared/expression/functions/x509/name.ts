import { isUtf8 } from 'node:buffer';
import { type Asn1, at } from '../../../der.ts';
import type { Json } from '../../value.ts';

/** The fields of Go's pkix.Name, with the last number of 2.5.4.x. */
const lists = new Map([
  ['Country', 6],
  ['Organization', 10],
  ['OrganizationalUnit', 11],
  ['Locality', 7],
  ['Province', 8],
  ['StreetAddress', 9],
  ['PostalCode', 17],
]);
const commonName = 3;
const serialNumber = 5;

/** Go's ints in an OID have 31 bits. */
const largestPart = 2 ** 31 - 1;

/** A distinguished name as Go's pkix.Name is in JSON: of a field that there may be but one of, the last one counts. Throws. */
export function nameOf(sequence: Asn1): Json {
  const attributes = sequence.subs.flatMap((set) => set.subs.map(attributeOf));
  const valuesOf = (last: number) => attributes.filter(({ id }) => id === `2.5.4.${last}`).map(({ value }) => value);
  return {
    ...Object.fromEntries([...lists].map(([field, last]) => [field, orNull(valuesOf(last))])),
    SerialNumber: valuesOf(serialNumber).at(-1) ?? '',
    CommonName: valuesOf(commonName).at(-1) ?? '',
    Names: orNull(attributes.map(({ type, value }) => ({ Type: type, Value: value }))),
    ExtraNames: null,
  };
}

function attributeOf(attribute: Asn1) {
  const type = oidOf(at(attribute, 0));
  return { id: type.join('.'), type, value: textOf(at(attribute, 1)) };
}

/** The numbers of an OID. Throws. */
export function oidOf(value: Asn1): number[] {
  const numbers = value.toOID().split('.').map(Number);
  if (numbers.some((number) => number > largestPart)) throw new Error('an OID with a number of over 31 bits');
  return numbers;
}

/** An empty list of Go's is null. */
export function orNull(list: readonly Json[]): Json {
  return list.length === 0 ? null : list;
}

const utf8String = 0x0c;
const bmpString = 0x1e;
/** Strings of one byte a character, with what may stand in them; T61String is read as Latin-1. */
const byteStrings = new Map<number, RegExp>([
  [0x12, /^[0-9 ]*$/],
  [0x13, /^[A-Za-z0-9 '()+,\-./:=?*&]*$/],
  [0x14, /^/],
  [0x16, /^[\0-\x7f]*$/],
]);

function textOf({ tag, value }: Asn1): string {
  if (tag === utf8String) {
    if (!isUtf8(value)) throw new Error('a UTF8String that is not UTF-8');
    return value.toString('utf8');
  }
  if (tag === bmpString) {
    if (value.length % 2 !== 0) throw new Error('a BMPString that ends within a character');
    return Buffer.from(value).swap16().toString('utf16le').replace(/\0$/, '').toWellFormed();
  }
  const text = value.toString('latin1');
  if (byteStrings.get(tag)?.test(text) !== true) throw new Error('a name of an unknown kind of string');
  return text;
}
