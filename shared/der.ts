import { isUtf8 } from 'node:buffer';

/** The most bytes of what is read as DER unless more are asked for: a certificate or a time stamp of some KB. */
export const largestDer = 64 * 1024;

/** The most elements of one value: names, extensions, certificates. */
const mostElements = 1000;

const universal = {
  boolean: 1,
  integer: 2,
  bitString: 3,
  octetString: 4,
  oid: 6,
  enumerated: 0x0a,
  sequence: 0x10,
  utcTime: 0x17,
  generalizedTime: 0x18,
};

const utf8String = 0x0c;
const bmpString = 0x1e;
/** Strings of one byte a character, with what may stand in them; T61String is read as Latin-1. */
const byteStrings = new Map<number, RegExp>([
  [0x12, /^[0-9 ]*$/],
  [0x13, /^[A-Za-z0-9 '()+,\-./:=?*&]*$/],
  [0x14, /^/],
  [0x16, /^[\0-\x7f]*$/],
]);

/**
 * A value of ASN.1 in DER (ITU-T X.690). What it is made of is read when it is asked for, so that nothing is read of what nobody asks
 * for: whoever attached it chose what is in it. Whatever is asked of a damaged one throws.
 */
export class Asn1 {
  /** Class, whether it is constructed, and number, in one byte. */
  readonly tag: number;
  /** The content. */
  readonly value: Buffer;
  /** With tag and length, as somebody signed it: to write it anew could come to other bytes. */
  readonly raw: Buffer;
  #subs: readonly Asn1[] | undefined;

  constructor(tag: number, value: Buffer, raw: Buffer) {
    this.tag = tag;
    this.value = value;
    this.raw = raw;
  }

  /** The values that it holds; an OCTET STRING may hold some as well. */
  get subs(): readonly Asn1[] {
    this.#subs ??= this.#isConstructed || this.#is(universal.octetString) ? readAll(this.value) : [];
    return this.#subs;
  }

  /** Of whichever context-specific tag. */
  get contextTag(): number | undefined {
    return this.tag >> 6 === 2 ? this.tag & 0x1f : undefined;
  }

  get isSequence(): boolean {
    return this.tag === (universal.sequence | 0x20);
  }

  get isUtf8String(): boolean {
    return this.#is(utf8String);
  }

  get isBoolean(): boolean {
    return this.#is(universal.boolean);
  }

  /** A string of a name, of whichever kind (RFC 5280 section 4.1.2.4), by the characters that Go's crypto/x509 takes in each. */
  toText(): string {
    const { tag, value } = this;
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

  toBoolean(): boolean {
    const [byte] = this.#valueOf(universal.boolean, 'BOOLEAN');
    if (this.value.length !== 1 || (byte !== 0 && byte !== 0xff)) throw new Error('no BOOLEAN of DER');
    return byte === 0xff;
  }

  /** Of at most six bytes: what is read so is a version or a count. */
  toInteger(): number {
    const bytes = this.#valueOf(universal.integer, 'INTEGER');
    if (bytes.length === 0 || bytes.length > 6) throw new Error('an INTEGER of unexpected size');
    return bytes.readIntBE(0, bytes.length);
  }

  /** Of one byte. */
  toEnumerated(): number {
    const [value, another] = this.#valueOf(universal.enumerated, 'ENUMERATED');
    if (value === undefined || another !== undefined) throw new Error('an ENUMERATED of unexpected size');
    return value;
  }

  /** Of any size, whose bytes are the number's one encoding: serial numbers and the like are compared by these. */
  get integerBytes(): Buffer {
    const bytes = this.#valueOf(universal.integer, 'INTEGER');
    const [first, second = 0] = bytes;
    const isPadded = bytes.length > 1 && first === (second < 0x80 ? 0 : 0xff);
    if (first === undefined || isPadded) throw new Error('no INTEGER of DER');
    return bytes;
  }

  toOID(): string {
    return dotted(this.#valueOf(universal.oid, 'OBJECT IDENTIFIER'));
  }

  /** Whether the bit with this number is there and set. */
  hasBit(index: number): boolean {
    const bytes = this.#valueOf(universal.bitString, 'BIT STRING').subarray(1);
    return (((bytes[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1;
  }

  /** GeneralizedTime in UTC as milliseconds since 1970; fractions of a second of any length (RFC 3161 section 2.4.2). */
  toTime(): number {
    return timeOf(this.#valueOf(universal.generalizedTime, 'GeneralizedTime').toString('latin1'));
  }

  /** UTCTime, of 1950 to 2049, or GeneralizedTime, as certificates and CRLs have them (RFC 5280 section 4.1.2.5): milliseconds since 1970. */
  toDate(): number {
    if (!this.#is(universal.utcTime)) return this.toTime();
    const text = this.value.toString('latin1');
    return timeOf(`${text < '50' ? '20' : '19'}${text}`);
  }

  /** The whole bytes of a BIT STRING: a signature, a key. */
  get bitBytes(): Buffer {
    const bytes = this.#valueOf(universal.bitString, 'BIT STRING');
    if (bytes[0] !== 0) throw new Error('a BIT STRING of other than whole bytes');
    return bytes.subarray(1);
  }

  get octets(): Buffer {
    return this.#valueOf(universal.octetString, 'OCTET STRING');
  }

  get #isConstructed(): boolean {
    return (this.tag & 0x20) !== 0;
  }

  #is(number: number): boolean {
    return this.tag === number;
  }

  #valueOf(number: number, name: string): Buffer {
    if (!this.#is(number)) throw new Error(`no ${name}`);
    return this.value;
  }
}

/** Reads one value, bounded in bytes, with nothing behind it. Throws. */
export function parseDer(bytes: Uint8Array, most = largestDer): Asn1 {
  if (bytes.byteLength > most) throw new Error(`DER of over ${most} bytes`);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = read(buffer, 0);
  if (value.raw.length !== buffer.length) throw new Error('something stands behind what should be DER');
  return value;
}

/** An element of a sequence or set. Throws where there is none. */
export function at(value: Asn1 | undefined, ...path: readonly number[]): Asn1 {
  let here = value;
  for (const index of path) here = here?.subs[index];
  if (here === undefined) throw new Error('an element is missing in what should be DER');
  return here;
}

/** The element with this context-specific tag, the first `from` elements left out. */
export function tagged(value: Asn1, tag: number, from = 0): Asn1 | undefined {
  return value.subs.find((each, index) => index >= from && each.contextTag === tag);
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

function readAll(bytes: Buffer): readonly Asn1[] {
  const found: Asn1[] = [];
  for (const one of elements(bytes)) {
    if (found.length === mostElements) throw new Error(`over ${mostElements} elements in one value`);
    found.push(one);
  }
  return found;
}

/** The values in a content, however many, each read when it comes to it: whoever asks bounds them. Throws. */
export function* elements(content: Buffer): Generator<Asn1, undefined, undefined> {
  for (let start = 0; start < content.length; ) {
    const one = read(content, start);
    yield one;
    start += one.raw.length;
  }
}

/** The value that begins at `start`. DER leaves no choice of how a length is written. */
function read(bytes: Buffer, start: number): Asn1 {
  const tag = bytes.readUInt8(start);
  if ((tag & 0x1f) === 0x1f) throw new Error('a tag of several bytes');
  const first = bytes.readUInt8(start + 1);
  const width = first < 0x80 ? 0 : first & 0x7f;
  // What is read has at most some MB: a CRL.
  if (first === 0x80 || width > 3) throw new Error('a length that is not DER');
  const length = width === 0 ? first : bytes.readUIntBE(start + 2, width);
  const header = 2 + width;
  if (width !== 0 && lengthOf(length).length !== 1 + width) throw new Error('a length that is not DER');
  const end = start + header + length;
  if (end > bytes.length) throw new Error('what should be DER ends too early');
  return new Asn1(tag, bytes.subarray(start + header, end), bytes.subarray(start, end));
}

/** The first byte stands for two numbers; each further one has seven bits a byte, of which the last begins with 0. */
function dotted(bytes: Buffer): string {
  const numbers: bigint[] = [];
  let number = 0n;
  let open = true;
  if (bytes.length > 64) throw new Error('an OBJECT IDENTIFIER of unexpected size');
  for (const byte of bytes) {
    // A number that begins with seven zeros could be written shorter, and one OID would have two spellings.
    if (open && byte === 0x80) throw new Error('no OBJECT IDENTIFIER of DER');
    number = number * 128n + BigInt(byte & 0x7f);
    open = (byte & 0x80) === 0;
    if (!open) continue;
    numbers.push(number);
    number = 0n;
  }
  const [both, ...others] = numbers;
  if (both === undefined || !open) throw new Error('no OBJECT IDENTIFIER of DER');
  const first = both < 80n ? both / 40n : 2n;
  return [first, both - first * 40n, ...others].join('.');
}

const time = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d+))?Z$/;

function timeOf(text: string): number {
  const [all, year, month, day, hour, minute, second, fraction = ''] = time.exec(text) ?? [];
  if (all === undefined) throw new Error('no GeneralizedTime of DER');
  const whole = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const milliseconds = Date.parse(`${whole}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  // A day that there is not, like 30 February, would be one of the next month.
  if (Number.isNaN(milliseconds) || !new Date(milliseconds).toISOString().startsWith(whole)) {
    throw new Error('no time that there is');
  }
  return milliseconds;
}
