import { bytesInSlice, endOfString } from '../net/json-bounds.ts';
import type { Slices } from '../slices.ts';

/** A name given more often than this is left where it is: nobody writes it twice who means it. */
const maxSpans = 16;
const empty = Buffer.from('null');

/** Where a value stands in a text: behind its name's colon, before what comes next; blanks around it are part of it. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * JSON text (UTF-8) of an object with the value of its own member `name` replaced by null, so that a large value is never
 * parsed. The text is not checked: where it is no JSON it is none afterwards, unless the value alone was broken.
 * Members behind the first `most` are left as they are.
 */
export function* withoutMember(bytes: Uint8Array, name: string, most: number): Slices<Uint8Array> {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const { start, end } of yield* valuesOf(bytes, name, most)) {
    parts.push(bytes.subarray(copied, start), empty);
    copied = end;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(copied)]);
}

/**
 * The bytes of each value that an object's own member `name` is given, as they stand, without the blanks around them: of a text without
 * which (`withoutMember`) the rest is JSON. 16 at most.
 */
export function* membersNamed(bytes: Uint8Array, name: string, most: number): Slices<readonly Uint8Array[]> {
  const spans = yield* valuesOf(bytes, name, most);
  return spans.map(({ start, end }) => trimmed(bytes.subarray(start, end)));
}

/** What JSON calls blank (RFC 8259 section 2). */
const blanks: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function trimmed(bytes: Uint8Array): Uint8Array {
  let [start, end] = [0, bytes.length];
  while (start < end && blanks.has(bytes[start])) start += 1;
  while (end > start && blanks.has(bytes[end - 1])) end -= 1;
  return bytes.subarray(start, end);
}

function* valuesOf(bytes: Uint8Array, name: string, most: number): Slices<readonly Span[]> {
  const spans: Span[] = [];
  let depth = 0;
  let members = 0;
  /** Of the member at depth 1 that is being read: the quotes around its name, and where its value begins. */
  let [open, close, value] = [-1, -1, -1];
  let pause = bytesInSlice;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case 0x22: {
        const end = endOfString(bytes, at);
        if (depth === 1 && value < 0) [open, close] = [at, end];
        at = end;
        break;
      }
      case 0x3a: // :
        if (depth === 1 && value < 0) value = at + 1;
        break;
      case 0x7b: // {
      case 0x5b: // [
        depth += 1;
        break;
      case 0x7d: // }
      case 0x5d: // ]
      case 0x2c: {
        const closing = bytes[at] !== 0x2c;
        if (depth === 1) {
          if (open >= 0 && value >= 0 && isString(bytes, open, close, name)) spans.push({ start: value, end: at });
          members += 1;
          if (members === most || spans.length === maxSpans) return spans;
          [open, close, value] = [-1, -1, -1];
        }
        if (closing) depth -= 1;
        break;
      }
    }
    if (at < pause) continue;
    pause = at + bytesInSlice;
    yield;
  }
  return spans;
}

/** Whether the string between two quotes says `text`, ASCII: a letter may be written with six (`\u0070`). */
function isString(bytes: Uint8Array, open: number, close: number, text: string): boolean {
  const length = close - open - 1;
  // What is written with an escape is longer than what it says.
  if (length <= text.length || length > 6 * text.length) {
    return length === text.length && holds(bytes, open + 1, text);
  }
  const written = bytes.subarray(open, close + 1);
  if (!written.includes(0x5c)) return false;
  try {
    return JSON.parse(Buffer.from(written).toString('latin1')) === text;
  } catch {
    return false;
  }
}

function holds(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
