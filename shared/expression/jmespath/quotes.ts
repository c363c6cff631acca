import { ExpressionError } from '../error.ts';
import { type Json, largestDepth } from '../value.ts';

/**
 * `"name"`, `'text'`, `` `json` ``, or a quote that nothing closes; and a number that goes on with a minus (`[1-1]`), of which the
 * library reads the beginning. No two alternatives begin alike: it takes linear time.
 */
const quotedParts = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\'|\\(?!'))*)'|`((?:[^`\\]|\\.)*)`|["'`]|\d-/gs;

/**
 * The expression with all that is quoted in it written anew, in the form that every JMESPath reads alike. What Kyverno's reads is
 * decided here: in `'text'` a backslash means itself unless a `'` follows (`'^\\d+$'` has two), and a literal is JSON, with `` \` ``
 * for a backtick. Throws ExpressionError.
 */
export function requoted(text: string): string {
  return text.replace(quotedParts, (all: string, name?: string, raw?: string, json?: string) => {
    if (name !== undefined) return JSON.stringify(parsed(`"${name}"`, all));
    if (raw !== undefined) return literal(raw.replaceAll(`\\'`, `'`));
    if (json !== undefined) return literal(parsed(json.replaceAll('\\`', '`'), all));
    throw new ExpressionError(
      `it does not parse: ${all.length === 1 ? `nothing closes a ${all}` : `a minus after a number`}`,
    );
  });
}

function parsed(json: string, quoted: string): Json {
  try {
    const value: Json = JSON.parse(json);
    if (writable(value, 0)) return value;
  } catch {
    // Told below, in our words.
  }
  throw new ExpressionError(`it does not parse: ${quoted} is not JSON within its quotes`);
}

/** Whether it can be written as JSON and read again: not so numbers over the largest (`1e999`), and depth takes stack. */
function writable(value: Json, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth < largestDepth && Object.values(value).every((inner) => writable(inner, depth + 1));
}

function literal(value: Json): string {
  return `\`${JSON.stringify(value).replaceAll('`', '\\u0060')}\``;
}
