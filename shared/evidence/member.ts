import { endOfString } from '../net/json-bounds.ts';

/** A name given more often than this is left where it is: nobody writes it twice who means it. */
const maxSpans = 16;
const empty = Buffer.from('null');

/**
 * JSON text (UTF-8) of an object with the value of its own member `name` replaced by null, so that a large value is never
 * parsed. The text is not checked: where it is no JSON it is none afterwards, unless the value alone was broken.
 */
export function withoutMember(bytes: Uint8Array, name: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let copied = 0;
  let depth = 0;
  /** Of the member at depth 1 that is being read: its name, once it is known, and where its value begins. */
  let key: string | undefined;
  let value = -1;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case 0x22: {
        const end = endOfString(bytes, at);
        if (depth === 1 && value < 0) key = stringAt(bytes, at, end, name);
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
          if (key === name && value >= 0 && parts.length < 2 * maxSpans) {
            parts.push(bytes.subarray(copied, value), empty);
            copied = at;
          }
          key = undefined;
          value = -1;
        }
        if (closing) depth -= 1;
        break;
      }
    }
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(copied)]);
}

/** The string between two quotes, if it may be `name`: a letter may be written with six (`\u0070`). */
function stringAt(bytes: Uint8Array, start: number, end: number, name: string): string | undefined {
  if (end - start > 6 * name.length + 1) return undefined;
  try {
    const text: unknown = JSON.parse(Buffer.from(bytes.subarray(start, end + 1)).toString('utf8'));
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
