import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Content codings that are taken off (RFC 9110 §8.4.1), by their names in lower case. */
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
};

/** Coding whose decoder takes 16 MiB for a few bytes, before it has unpacked any that could be counted (RFC 7932 §9.1, the window). */
const wide = 'br';

/**
 * What takes a body's content coding off; `none` where there is nothing to take off, `unknown` for a coding that is not
 * among ours and for several of them. We ask for none, and some proxies pack whatever is asked: those of hosts that an image's author
 * chose (`isNamed` false) have no memory for it that is not counted.
 */
export function decoderOf(contentEncoding: string | undefined, isNamed = true): (() => Transform) | 'none' | 'unknown' {
  const named = (contentEncoding ?? '').split(',').map((name) => name.trim().toLowerCase());
  const [coding, another] = named.filter((name) => name !== '' && name !== 'identity');
  if (coding === undefined) return 'none';
  if (coding === wide && !isNamed) return 'unknown';
  return (another === undefined && Object.hasOwn(decoders, coding) && decoders[coding]) || 'unknown';
}

/** Whether bytes were no such coding, as the decoders of zlib and Brotli say it; a packed body that ends early is not meant. */
export function isUndecodable(code: string | undefined): boolean {
  return code !== undefined && /^(?:Z_(?!BUF_ERROR$)|ERR__ERROR_)/.test(code);
}
