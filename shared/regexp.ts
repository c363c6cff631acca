import type { RE2JS } from 're2js';

/** UTF-16 units of a pattern. */
export const largestPattern = 1024;
/** UTF-16 units of what is searched: whoever writes it pays for no more. */
export const largestText = 8 * 1024;

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
  const compiled = compile(pattern);
  return (text) => text.length <= largestText && compiled.test(text);
}

/** A regular expression whose matches are looked at one by one. Texts are of `largestText` at most. */
export interface RegExpSearch {
  /** Instructions that it was compiled to: each character of a text takes as many steps at worst. */
  readonly size: number;
  test(text: string): boolean;
  /** From left to right, none over another, as Go's ReplaceAll finds them: an empty one never ends where the one before it ends. */
  matches(text: string): Iterable<RegExpMatch>;
}

export interface RegExpMatch {
  /** UTF-16 units of the text; the end is past the match. */
  readonly start: number;
  readonly end: number;
  /**
   * What a group matched, by its number or its name; empty where it matched nothing, or there is none. It is asked before the next match is.
   */
  group(name: string): string;
}

/** The same for what asks for more than whether there is a match. Throws InvalidRegExp. */
export function compileSearch(pattern: string): RegExpSearch {
  const compiled = compile(pattern);
  return {
    size: compiled.programSize(),
    test: (text) => compiled.test(text),
    matches: (text) => matchesOf(compiled, text),
  };
}

const decimal = /^(?:0|[1-9][0-9]*)$/;

function* matchesOf(compiled: RE2JS, text: string): Generator<RegExpMatch> {
  const matcher = compiled.matcher(text);
  const names = new Set(Object.keys(compiled.namedGroups()));
  const group = (name: string) => {
    const known = decimal.test(name) ? Number(name) <= matcher.groupCount() : names.has(name);
    return known ? (matcher.group(decimal.test(name) ? Number(name) : name) ?? '') : '';
  };
  let from = 0;
  let lastEnd = 0;
  while (from <= text.length && matcher.find(from)) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (end > lastEnd || start === 0) yield { start, end, group };
    lastEnd = end;
    const next = from + ((text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1);
    from = Math.max(next, end);
  }
}

function compile(pattern: string): RE2JS {
  if (engine === undefined) throw new Error('regular expressions are not loaded');
  if (pattern.length > largestPattern) throw new InvalidRegExp(`it is longer than ${largestPattern} characters`);
  try {
    return engine.compile(pattern);
  } catch (thrown) {
    const message = Error.isError(thrown) ? thrown.message : '';
    throw new InvalidRegExp(message.replace(/^error parsing regexp: /, ''), { cause: thrown });
  }
}
