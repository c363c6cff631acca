import { ASN1Obj } from '@sigstore/core';

/** A value of ASN.1 with what it is made of. Its accessors throw where it is not what they read. */
export type Asn1 = ASN1Obj;

/** The most bytes of what is read as DER: a certificate or a time stamp of some KB. */
const largest = 64 * 1024;

/** Reads DER (ITU-T X.690), bounded in bytes and depth, with nothing behind it. Throws. */
export function parseDer(bytes: Uint8Array): Asn1 {
  if (bytes.byteLength > largest) throw new Error(`DER of over ${largest} bytes`);
  return ASN1Obj.parseBuffer(Buffer.from(bytes));
}

/** An element of a sequence or set. Throws where there is none. */
export function at(value: Asn1 | undefined, ...path: readonly number[]): Asn1 {
  let here = value;
  for (const index of path) here = here?.subs[index];
  if (here === undefined) throw new Error('an element is missing in what should be DER');
  return here;
}

/** The element with this context-specific tag. */
export function tagged(value: Asn1, tag: number): Asn1 | undefined {
  return value.subs.find((each) => each.tag.isContextSpecific(tag));
}

export const isSequence = ({ tag }: Asn1): boolean => tag.isUniversal() && tag.number === 0x10;

/**
 * The bytes that a value was read from, with tag and length. They are those that somebody signed: to write the value anew could come to
 * others. DER leaves no choice of how a length is written, so it tells where the value begins.
 */
export function rawOf({ value }: Asn1): Buffer {
  const header = 1 + lengthOf(value.length).length;
  return Buffer.from(value.buffer, value.byteOffset - header, header + value.length);
}

/** A tag and a length in DER, and then the content. */
export function encode(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(bytes.length), bytes]);
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

const time = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,9}))?Z$/;

/** GeneralizedTime in UTC as milliseconds since 1970; fractions of a second of any length (RFC 3161 section 2.4.2). Throws. */
export function generalizedTime({ tag, value }: Asn1): number {
  const [, year, month, day, hour, minute, second, fraction = ''] = time.exec(value.toString('latin1')) ?? [];
  if (!tag.isGeneralizedTime() || year?.length !== 4) throw new Error('no GeneralizedTime');
  const milliseconds = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`,
  );
  if (Number.isNaN(milliseconds)) throw new Error('no time that there is');
  return milliseconds;
}
