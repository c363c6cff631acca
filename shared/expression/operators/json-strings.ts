import { type Run, stepsOfText } from '../run.ts';
import type { Json } from '../value.ts';

/** A text that is read as JSON; `undefined`: it is none. */
export function readJson(text: string, run: Run): { readonly json: Json } | undefined {
  run.spend(1 + 2 * stepsOfText(text.length));
  try {
    return { json: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** The strings of a list, as Go reads one: null is a list of none, and in a list an empty string. `undefined`: it is no list of strings. */
export function stringsOf(json: Json, run: Run): readonly string[] | undefined {
  if (json === null) return [];
  if (!Array.isArray(json)) return undefined;
  run.spend(json.length);
  const strings: string[] = [];
  for (const item of json as readonly Json[]) {
    if (item !== null && typeof item !== 'string') return undefined;
    strings.push(item ?? '');
  }
  return strings;
}
