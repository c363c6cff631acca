import { isUtf8 } from 'node:buffer';
import type { Slices } from '../slices.ts';
import { bytesInSlice, exceededBound, type JsonBounds } from './json-bounds.ts';

/** What JSON text holds, or why it is not read. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: keyof JsonBounds | 'encoding' | 'syntax' };

/**
 * Parses JSON from outside within bounds, in slices. It has to be UTF-8; a byte order mark is no JSON (RFC 8259 section 8.1), so it is
 * not taken off. Of equal names the last one counts, as in Go.
 */
export function* parseJson(bytes: Uint8Array, bounds: JsonBounds): Slices<ParsedJson> {
  const exceeded = yield* exceededBound(bytes, bounds);
  if (exceeded !== undefined) return { problem: exceeded };
  const isLong = bytes.length > bytesInSlice;
  if (isLong) yield;
  // A TextDecoder that refuses what is no UTF-8 takes ten times as long for text beyond ASCII.
  if (!isUtf8(bytes)) return { problem: 'encoding' };
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  if (isLong) yield;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: 'syntax' };
  }
}
