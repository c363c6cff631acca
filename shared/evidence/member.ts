import { bytesInSlice, endOfString } from '../net/json-bounds.ts';
import type { Slices } from '../slices.ts';

/** A name given more often than this is left where it is: nobody writes it twice who means it. */
const maxSpans = 16;
const empty = Buffer.from('null');

/**
 * JSON text (UTF-8) of an object with the value of its own member `name` replaced by null, so that a large value is never
 * parsed. The text is not checked: where it is no JSON it is none afterwards, unless the value alone was broken.
 * Members behind the first `most` are left as they are.
 */
export function* withoutMember(bytes: Uint8Array, name: string, most: number): Slices<Uint8Array> {
  const parts: Uint8Array[] = [];
  let copied = 0;
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
          if (open >= 0 && value >= 0 && isString(bytes, open, close, name)) {
            parts.push(bytes.subarray(copied, value), empty);
            copied = at;
          }
          members += 1;
          if (members === most || parts.length === 2 * maxSpans) return joined(parts, bytes, copied);
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
  return joined(parts, bytes, copied);
}

function joined(parts: readonly Uint8Array[], bytes: Uint8Array, copied: number): Uint8Array {
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(copied)]);
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
