import { parseJsonTextOf } from '../json-text.ts';
import { isJsonObject, type JsonObject, own } from './json.ts';

/** What a request's body holds, read as JSON says, whatever its names are. Throws SyntaxError. */
export function parseReviewText(text: string): unknown {
  return parseJsonTextOf(text, quotedOwnedFields);
}

/** How deep the fields of an object are nested that API servers take: deeper ones are not counted. */
const deepest = 100;

/**
 * How many names with a quote and no backslash there are in `managedFields`, where an API server says who owns which field. Items of a list
 * stand there under the JSON of their keys, `k:{"name":"app"}`: hardly any other names in a review need an escape.
 */
function quotedOwnedFields(body: unknown): number {
  const request = isJsonObject(body) ? own(body, 'request') : undefined;
  if (!isJsonObject(request)) return 0;
  return quotedIn(ownersOf(request, 'object'), deepest) + quotedIn(ownersOf(request, 'oldObject'), deepest);
}

function ownersOf(request: JsonObject, which: 'object' | 'oldObject'): unknown {
  const object = own(request, which);
  const metadata = isJsonObject(object) ? own(object, 'metadata') : undefined;
  return isJsonObject(metadata) ? own(metadata, 'managedFields') : undefined;
}

function quotedIn(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null || depth === 0) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += quotedIn(item, depth - 1);
    return count;
  }
  for (const [name, inner] of Object.entries(value)) {
    if (name.includes('"') && !name.includes('\\')) count += 1;
    count += quotedIn(inner, depth - 1);
  }
  return count;
}
