import { createHash } from 'node:crypto';
import { promisify, types } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import { maxTtlMs } from './settings.ts';
import type { Item, Key } from './table.ts';

/** Bytes of a predicate that is kept: half of what an attestation may have, and far more than one that fits an item once packed. */
export const maxPredicateBytes = 8 * 1024 * 1024;
/** Bytes. DynamoDB takes 400 KB an item, of which the key and the names of its attributes are some. */
export const maxPackedBytes = 390_000;

/**
 * Milliseconds that a predicate's item stays. Twice what a verification may live: so one that was stored within the last 24 h outlives
 * whatever names it now, and need not be written again.
 */
export const predicateLifeMs = 2 * maxTtlMs;

export interface PredicateKey extends Key {
  /** SHA-256, hex, of the predicate's bytes. */
  readonly hash: string;
}

export function predicateKey(hash: string): PredicateKey {
  return { pk: `pred#${hash}`, sk: 'pred', hash };
}

/** Its bytes, or why an item is not this predicate. */
export type Unpacked = Uint8Array | 'malformed' | 'hash' | 'too-large';

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);
/**
 * The fastest. A list of packages (SPDX, 1 MB) comes to an eighth of its size in 1.3 ms, where deflate takes 7 ms for the same and
 * Brotli at 5 takes 8 ms for a tenth less.
 */
const fast = { [constants.BROTLI_PARAM_QUALITY]: 1 };

/** @returns `undefined`: it does not fit an item, and is not cut. */
export async function packPredicate(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const packed = await compress(bytes, { params: { ...fast, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  // What zlib gives may be a small part of a larger buffer.
  return packed.length > maxPackedBytes ? undefined : new Uint8Array(packed);
}

/** Nothing about the body is believed: whatever has the hash is the predicate, and nothing else is. */
export async function unpackPredicate(hash: string, body: unknown): Promise<Unpacked> {
  if (!types.isUint8Array(body) || body.length > maxPackedBytes) return 'malformed';
  try {
    const bytes = await decompress(body, { maxOutputLength: maxPredicateBytes });
    return createHash('sha256').update(bytes).digest('hex') === hash ? bytes : 'hash';
  } catch (thrown) {
    return Object(thrown).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'malformed';
  }
}

/** No MAC, since its key says what it holds, and no generation, since that never changes. @param now milliseconds. */
export function predicateItem({ pk, sk }: PredicateKey, body: Uint8Array, now: number): Item {
  const expiresAt = Math.floor(now + predicateLifeMs);
  return { pk, sk, body, expiresAt, deleteAt: Math.ceil(expiresAt / 1000) };
}
