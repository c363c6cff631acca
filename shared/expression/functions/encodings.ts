import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { ExpressionError } from '../error.ts';
import type { Run } from '../run.ts';
import { textAt } from './arguments.ts';
import { spendResult, spendText } from './bounds.ts';
import type { ExpressionFunction } from './function.ts';

/** Base64 and hashes of a text's UTF-8. */
export const encodingFunctions: readonly ExpressionFunction[] = [
  { name: 'base64_decode', takes: [['string']], call: (given, run) => decode(textAt(given, 0), run) },
  { name: 'base64_encode', takes: [['string']], call: (given, run) => encode(textAt(given, 0), run) },
  ...['sha256', 'sha1', 'md5'].map((name): ExpressionFunction => {
    return { name, takes: [['string']], call: (given, run) => hash(name, textAt(given, 0), run) };
  }),
];

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Go's StdEncoding: padding must be there, line breaks may stand anywhere. Bytes that are no UTF-8 are an error here: no text of an
 * expression can hold them, and Kyverno's becomes another one on its way into JSON.
 */
function decode(text: string, run: Run): string {
  spendResult('base64_decode', Math.floor(text.length / 4) * 3, run);
  spendText(run, text, text, text);
  const bare = text.replaceAll(/[\r\n]/g, '');
  if (bare.length % 4 !== 0 || !base64.test(bare))
    throw new ExpressionError('base64_decode() takes base64 of the standard alphabet, with its padding');
  const bytes = Buffer.from(bare, 'base64');
  if (!isUtf8(bytes)) throw new ExpressionError('base64_decode() comes to bytes that are no text');
  return bytes.toString('utf8');
}

function encode(text: string, run: Run): string {
  spendText(run, text);
  const bytes = Buffer.byteLength(text);
  spendResult('base64_encode', Math.ceil(bytes / 3) * 4, run);
  return Buffer.from(text).toString('base64');
}

/** In lower-case hexadecimal. */
function hash(algorithm: string, text: string, run: Run): string {
  // A byte takes some nanoseconds, three of them stand for a UTF-16 unit at most.
  spendText(run, text, text, text);
  return createHash(algorithm).update(text).digest('hex');
}
