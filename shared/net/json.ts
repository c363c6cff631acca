import { isUtf8 } from 'node:buffer';
import { parseJsonText } from '../json-text.ts';
import type { Slices } from '../slices.ts';
import { bytesInSlice, countValues, type JsonBounds } from './json-bounds.ts';
import { bytesInPiece, parsePieces } from './json-pieces.ts';

/** What JSON text holds, or why it is not read. */
export type ParsedJson = { readonly value: unknown } | { readonly problem: JsonProblem };
export type JsonProblem = keyof JsonBounds | 'encoding' | 'syntax';

/** What is wrong with text that was parsed within these bounds; ends a sentence that begins with its name. */
export function problemText(problem: JsonProblem, { values, fields, depth }: Required<JsonBounds>): string {
  switch (problem) {
    case 'values':
      return `holds over ${values} values`;
    case 'fields':
      return `has an object of over ${fields} fields`;
    case 'depth':
      return `is nested over ${depth} deep`;
    case 'encoding':
      return 'is not UTF-8';
    case 'syntax':
      return 'is not JSON';
  }
}

/**
 * Parses JSON from outside within bounds, in slices. It has to be UTF-8; a byte order mark is no JSON (RFC 8259 section 8.1), so it is
 * not taken off. Of equal names the last one counts, as in Go. `counted` is told how many values there are before they are parsed;
 * what it throws is thrown.
 */
export function* parseJson(
  bytes: Uint8Array,
  bounds: JsonBounds,
  counted?: (values: number) => void,
): Slices<ParsedJson> {
  const count = yield* countValues(bytes, bounds);
  if ('exceeded' in count) return { problem: count.exceeded };
  counted?.(count.values);
  const isLong = bytes.length > bytesInSlice;
  if (isLong) yield;
  // A TextDecoder that refuses what is no UTF-8 takes ten times as long for text beyond ASCII.
  if (!isUtf8(bytes)) return { problem: 'encoding' };
  if (isLong) yield;
  try {
    return { value: bytes.length > bytesInPiece ? yield* parsePieces(bytes) : parseJsonText(textOf(bytes)) };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return { problem: 'syntax' };
    throw thrown;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
