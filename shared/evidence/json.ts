import { Malformed } from './malformed.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const maxDepth = 64;
// A byte order mark is no JSON (RFC 8259 section 8.1), so it is not taken off.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * JSON from outside: valid UTF-8, at most 64 deep. Of equal keys the last one counts, as in Go, so a payload says to us
 * what it says to cosign. Throws Malformed; `what` names the document.
 */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Malformed(`${what} is not UTF-8`);
  }
  if (isTooDeep(text)) throw new Malformed(`${what} is nested over ${maxDepth} deep`);
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed(`${what} is not JSON`);
  }
  if (!isObject(value)) throw new Malformed(`${what} is no JSON object`);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const quote = 0x22;
const backslash = 0x5c;

/** Before parsing: whatever walks the value afterwards may recurse. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === backslash) at += 1;
      else if (code === quote) inString = false;
    } else if (code === quote) {
      inString = true;
    } else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
    }
  }
  return false;
}
