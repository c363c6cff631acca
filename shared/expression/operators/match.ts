import { compileWildcard, hasWildcard } from '../../image/wildcard.ts';
import { type Run, stepsOfText, stepsOfWildcards } from '../run.ts';

/** A pattern of Kyverno's wildcards, compiled; it is asked for the steps that it takes. */
type Pattern = (text: string, run: Run) => boolean;

/** Whether a pattern covers the text. */
export function covers(pattern: string, text: string, run: Run): boolean {
  run.spend(1 + stepsOfText(Math.min(pattern.length, text.length)));
  return hasWildcard(pattern) ? compilePattern(pattern, run)(text, run) : pattern === text;
}

/** Whether two texts are taken for the same: either one may be a pattern that covers the other. */
export function alike(one: string, other: string, run: Run): boolean {
  return covers(one, other, run) || (hasWildcard(other) && covers(other, one, run));
}

/**
 * Whether a text is like any of these, asked of many texts. What holds no wildcard is looked up: only patterns are compared with all
 * that there is.
 */
export function likeAny(texts: readonly string[], run: Run): (text: string) => boolean {
  const plain = new Set<string>();
  const patterns: Pattern[] = [];
  for (const text of texts) {
    run.spend(1 + stepsOfText(text.length));
    plain.add(text);
    if (hasWildcard(text)) patterns.push(compilePattern(text, run));
  }
  return (text) => {
    run.spend(1 + stepsOfText(text.length));
    if (plain.has(text) || patterns.some((pattern) => pattern(text, run))) return true;
    if (!hasWildcard(text)) return false;
    const pattern = compilePattern(text, run);
    return texts.some((other) => pattern(other, run));
  };
}

function compilePattern(pattern: string, run: Run): Pattern {
  run.spend(stepsOfWildcards(pattern));
  const matches = compileWildcard(pattern);
  const stepsFor = stepsOf(pattern);
  return (text, given) => {
    given.spend(stepsFor(text.length));
    return matches(text);
  };
}

/**
 * With a `?` each place of a text may be compared with all of the pattern, a character at a time; what stands between two stars is
 * searched for, which takes a 16th of that; and a beginning and an end are only looked at.
 */
function stepsOf(pattern: string): (length: number) => number {
  const once = stepsOfText(pattern.length);
  const share = pattern.includes('?') ? 16 : /\*[^*]+\*/.test(pattern) ? 256 : Number.POSITIVE_INFINITY;
  return (length) => once + Math.ceil((pattern.length * length) / share);
}
