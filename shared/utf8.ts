import { isUtf8 } from 'node:buffer';

/**
 * What is wrong with bytes that are no UTF-8 (RFC 3629), to follow the name of what they are of; `undefined` where nothing is. Decoded
 * all the same they would be other text than was written, and other text than kubectl reads.
 */
export function utf8Problem(bytes: Buffer): string | undefined {
  if (isUtf8(bytes)) return undefined;
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf('\n', start);
    // No byte of a longer character is a line feed: each line is UTF-8 by itself or it is not.
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
    line += 1;
  }
  return `is not UTF-8: save it as UTF-8 (the first byte that is none is in line ${line})`;
}
