import { atOnce, type Slices } from '../slices.ts';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/** Bytes of a string that are looked at one by one. */
const lookedAt = 128;
/** Bytes of text that are looked at in one slice: a few milliseconds. */
export const bytesInSlice = 1024 * 1024;

export interface JsonBounds {
  /** Values at most. */
  readonly values: number;
  /** How deep objects and lists nest at most: whatever walks the parsed value may recurse. */
  readonly depth: number;
  /** Fields of one object at most, any number by default: the engine lists them all at once. */
  readonly fields?: number;
}

/** How many values JSON text holds, or the bound that it exceeds first. */
export type ValueCount = { readonly values: number } | { readonly exceeded: keyof JsonBounds };

/**
 * How many values JSON text (UTF-8, RFC 8259) may hold, and whether that is within bounds: told before it is parsed, since a parsed value
 * takes up to a hundred times the bytes that write it (`{}` and its comma: 3 bytes, then 64; a new member name: some hundreds).
 *
 * Counted are the commas outside of strings, and the objects and lists that are not empty: of what one holds, all but the first has a
 * comma before it. So in text without blanks, as machines write it, each value below the outermost is counted once; an empty one
 * with a blank inside is counted twice. Whether it is JSON at all is left to the parser.
 */
export function* countValues(bytes: Uint8Array, bounds: JsonBounds): Slices<ValueCount> {
  const { fields: mostFields = Number.POSITIVE_INFINITY } = bounds;
  let values = 0;
  let depth = 0;
  /** Of the object that is being read, and of those around it; of a list so few that they are never too many. */
  let fields = 0;
  const around: number[] = [];
  let pause = bytesInSlice;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if (byte === comma || byte === openBrace || byte === openBracket) {
      const next = bytes[at + 1];
      const holds = byte === comma || (next !== closeBrace && next !== closeBracket) ? 1 : 0;
      values += holds;
      if (values > bounds.values) return { exceeded: 'values' };
      if (byte === comma) fields += 1;
      else {
        depth += 1;
        around.push(fields);
        fields = byte === openBrace ? holds : -bytes.length;
      }
      if (depth > bounds.depth) return { exceeded: 'depth' };
      if (fields > mostFields) return { exceeded: 'fields' };
    } else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
      fields = around.pop() ?? 0;
    }
    if (at < pause) continue;
    pause = at + bytesInSlice;
    yield;
  }
  return { values };
}

/** How many values JSON text may hold; `undefined`: more than `most`. */
export function valuesIn(bytes: Uint8Array, most: number): number | undefined {
  const count = atOnce(countValues(bytes, { values: most, depth: Number.POSITIVE_INFINITY }));
  return 'exceeded' in count ? undefined : count.values;
}

/** Where the string that begins with the quote at `start` ends: at its other quote, or else where the text does. */
export function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length) {
    const near = Math.min(at + lookedAt, bytes.length);
    for (; at < near; at += 1) {
      const byte = bytes[at];
      if (byte === quote) return at;
      if (byte === backslash) at += 1;
    }
    // A long string, base64 for one: the search for its quote is Node's own, twenty times as fast as one byte by byte.
    const found = at < bytes.length ? bytes.indexOf(quote, at) : -1;
    if (found < 0) break;
    let escapes = 0;
    while (found - escapes > at && bytes[found - escapes - 1] === backslash) escapes += 1;
    if (escapes % 2 === 0) return found;
    at = found + 1;
  }
  return bytes.length;
}
