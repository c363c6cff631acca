import { jsonText } from './json-text.ts';
import { type Run, stepsOfText } from './run.ts';
import type { Json } from './value.ts';

/** A value as Kyverno writes it into a text: a string as it is, all else as the JSON that Go writes. Throws ExpressionError. */
export function textOf(value: Json, run: Run): string {
  if (typeof value !== 'string') return jsonText(value, run);
  run.spend(1 + stepsOfText(value.length));
  return value;
}

/** The same with quotes around a string. */
export function jsonOf(value: Json, run: Run): string {
  if (typeof value !== 'string') return jsonText(value, run);
  run.spend(1 + stepsOfText(value.length));
  return JSON.stringify(value);
}

/** A value as a literal of an expression, between backticks. Throws ExpressionError. */
export function literalOf(value: Json, run: Run): string {
  return literalOfJson(jsonOf(value, run));
}

/**
 * The same of a value that is JSON already. Whatever the value, no quote and no backtick of it is left, and a backslash stands only
 * before a letter: however an expression's text is taken apart, the literal ends where it ends.
 */
export function literalOfJson(json: string): string {
  return `\`${json.replace(/\\["\\]|['`]/g, (found) => `\\u00${hexOf(found.slice(-1))}`)}\``;
}

/** A name as a quoted identifier of an expression, escaped in the same manner. */
export function quotedName(name: string, run: Run): string {
  return literalOf(name, run).slice(1, -1);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16);
}
