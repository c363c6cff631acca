import { isJsonObject, type JsonObject } from '../admission/json.ts';
import { parseJson, problemText } from '../net/json.ts';
import { endOfString } from '../net/json-bounds.ts';
import type { Slices } from '../slices.ts';
import { Malformed } from './malformed.ts';

/** Whatever walks a parsed value may recurse. */
const maxDepth = 64;
/** Of one object: to list their names takes 20 ms, and an expression pays only then. */
const maxFields = 100_000;
/** An envelope, a bundle, a payload: some dozens, since what they carry is base64. */
const maxValues = 10_000;

/**
 * JSON from outside: valid UTF-8, at most 64 deep, of no more than `most` values. Of equal keys the last one counts, as in Go,
 * so a payload says to us what it says to cosign. Throws Malformed; `what` names the document.
 */
export function* parseJsonObject(bytes: Uint8Array, what: string, most: number = maxValues): Slices<JsonObject> {
  const value = yield* parseBounded(bytes, what, most);
  if (!isJsonObject(value)) throw new Malformed(`${what} is no JSON object`);
  return value;
}

/** The same, where no object may have a name twice: for what one reader must not understand otherwise than another. Throws Malformed. */
export function* parseUniqueObject(bytes: Uint8Array, what: string): Slices<JsonObject> {
  const json = yield* parseJsonObject(bytes, what);
  if (namesWritten(bytes) !== namesIn(json)) throw new Malformed(`${what} has a name twice`);
  return json;
}

/** Of text that is JSON: each name has a colon, and other colons stand in strings. */
function namesWritten(bytes: Uint8Array): number {
  let written = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === 0x22) at = endOfString(bytes, at);
    else if (bytes[at] === 0x3a) written += 1;
  }
  return written;
}

function namesIn(json: JsonObject): number {
  let found = 0;
  const open: unknown[] = [json];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (typeof one !== 'object' || one === null) continue;
    const inside = Object.values(one);
    if (!Array.isArray(one)) found += inside.length;
    open.push(...inside);
  }
  return found;
}

/** The same, of any value. `counted` is told how many values there are, before they are parsed. */
export function* parseBounded(
  bytes: Uint8Array,
  what: string,
  most: number,
  counted?: (values: number) => void,
): Slices<unknown> {
  const bounds = { values: most, depth: maxDepth, fields: maxFields };
  const parsed = yield* parseJson(bytes, bounds, counted);
  if ('problem' in parsed) throw new Malformed(`${what} ${problemText(parsed.problem, bounds)}`);
  return parsed.value;
}
