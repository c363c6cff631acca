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
  return { id: type.join('.'), type, value: at(attribute, 1).toText() };
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
