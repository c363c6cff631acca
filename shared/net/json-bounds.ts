const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/**
 * Whether JSON text (UTF-8, RFC 8259) may hold more than `most` values: told before it is parsed, since a parsed value takes
 * up to a hundred times the bytes that write it (`{}` and its comma: 3 bytes, then 64; a new member name: some hundreds).
 *
 * Counted are the bytes `,` `{` `[` outside of strings: each begins one element or one member at most. So text within the
 * bound holds at most `most` + 1 values and `most` member names, and is nested `most` deep at most.
 * Text of no more than `most` bytes is not looked at. Whether it is JSON at all is left to the parser.
 */
export function exceedsValues(bytes: Uint8Array, most: number): boolean {
  if (bytes.length <= most) return false;
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if (byte === comma || byte === openBrace || byte === openBracket) {
      count += 1;
      if (count > most) return true;
    }
  }
  return false;
}

/** Whether JSON text (UTF-8) nests objects and lists over `most` deep: whatever walks the parsed value may recurse. */
export function exceedsDepth(bytes: Uint8Array, most: number): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > most) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return false;
}

/** Where the string that begins at `start` ends; the end of the text, where it does not. */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) return at;
    if (byte === backslash) at += 1;
  }
  return bytes.length;
}
