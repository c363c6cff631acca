import { createHash } from 'node:crypto';
import type { Slices } from '../slices.ts';

/**
 * The hash of bytes of which there may be megabytes, in slices: many reviews may have theirs hashed at the same moment.
 * @param atOnce bytes in one slice
 */
export function* hashInSlices(
  algorithm: 'sha256' | 'sha384' | 'sha512',
  bytes: Uint8Array,
  atOnce: number,
): Slices<Buffer> {
  const hash = createHash(algorithm);
  for (let at = 0; at < bytes.length; at += atOnce) {
    if (at > 0) yield;
    hash.update(bytes.subarray(at, at + atOnce));
  }
  return hash.digest();
}
