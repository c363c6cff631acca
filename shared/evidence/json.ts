import { isJsonObject, type JsonObject } from '../admission/json.ts';
import { bytesInSlice, exceededBound } from '../net/json-bounds.ts';
import type { Slices } from '../slices.ts';
import { Malformed } from './malformed.ts';

/** Whatever walks a parsed value may recurse. */
const maxDepth = 64;
/** An envelope, a bundle, a payload: some dozens, since what they carry is base64. */
const maxValues = 10_000;
// A byte order mark is no JSON (RFC 8259 section 8.1), so it is not taken off.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * JSON from outside: valid UTF-8, at most 64 deep, of no more than `most` values. Of equal keys the last one counts, as in Go,
 * so a payload says to us what it says to cosign. Throws Malformed; `what` names the document.
 */
export function* parseJsonObject(bytes: Uint8Array, what: string, most: number = maxValues): Slices<JsonObject> {
  const exceeded = yield* exceededBound(bytes, { values: most, depth: maxDepth });
  if (exceeded === 'values') throw new Malformed(`${what} holds over ${most} values`);
  if (exceeded === 'depth') throw new Malformed(`${what} is nested over ${maxDepth} deep`);
  if (bytes.length > bytesInSlice) yield;
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Malformed(`${what} is not UTF-8`);
  }
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed(`${what} is not JSON`);
  }
  if (!isJsonObject(value)) throw new Malformed(`${what} is no JSON object`);
  return value;
}
