import type { RE2JS } from 're2js';

/** UTF-16 units of a pattern. */
export const largestPattern = 1024;
/** UTF-16 units of what is searched: whoever writes it pays for no more. */
const largestText = 8 * 1024;

/** Why a pattern does not compile. */
export class InvalidRegExp extends Error {
  override readonly name = 'InvalidRegExp';
}

let engine: typeof RE2JS | undefined;

/** Loads what compiles and searches: 10 ms that only policies with a regular expression take. Once; others find it loaded. */
export async function loadRegExps(): Promise<void> {
  engine ??= (await import('re2js')).RE2JS;
}

/**
 * A regular expression as Kyverno reads it: Go's (RE2), found anywhere in the text unless `^` and `$` say otherwise, in time that is
 * proportional to the text. A text that is too long has no match. The result is kept by the caller, who knows how long the
 * pattern is needed. Throws InvalidRegExp; a defect where `loadRegExps` was not awaited.
 */
export function compileRegExp(pattern: string): (text: string) => boolean {
  if (engine === undefined) throw new Error('regular expressions are not loaded');
  if (pattern.length > largestPattern) throw new InvalidRegExp(`it is longer than ${largestPattern} characters`);
  let compiled: RE2JS;
  try {
    compiled = engine.compile(pattern);
  } catch (thrown) {
    const message = Error.isError(thrown) ? thrown.message : '';
    throw new InvalidRegExp(message.replace(/^error parsing regexp: /, ''), { cause: thrown });
  }
  return (text) => text.length <= largestText && compiled.test(text);
}
