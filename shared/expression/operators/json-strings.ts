import type { Run } from '../run.ts';
import { isList, type Json } from '../value.ts';

/** What any JSON begins with. */
const beginning = /^[\t\n\r ]*["[{tfn0-9-]/;

/** A text that is read as JSON; `undefined`: it is none. */
export function readJson(text: string, run: Run): { readonly json: Json } | undefined {
  if (!beginning.test(text)) return undefined;
  // Every other character may make a value.
  run.spend(1 + Math.ceil(text.length / 2));
  try {
    return { json: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** The strings of a list, as Go reads one: null is a list of none, and in a list an empty string. `undefined`: it is no list of strings. */
export function stringsOf(json: Json): readonly string[] | undefined {
  if (json === null) return [];
  if (!isList(json)) return undefined;
  const strings: string[] = [];
  for (const item of json) {
    if (item !== null && typeof item !== 'string') return undefined;
    strings.push(item ?? '');
  }
  return strings;
}
