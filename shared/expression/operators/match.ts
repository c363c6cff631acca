import { compileWildcard, hasWildcard } from '../../image/wildcard.ts';
import { type Run, stepsOfSearch, stepsOfText } from '../run.ts';

/** Whether a pattern of Kyverno's wildcards covers the text, for the steps that it takes. */
export function covers(pattern: string, text: string, run: Run): boolean {
  run.spend(1 + stepsOfText(pattern.length) + stepsOfText(text.length));
  if (!hasWildcard(pattern)) return pattern === text;
  run.spend(stepsOfPattern(pattern, text));
  return compileWildcard(pattern)(text);
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
  const patterns: string[] = [];
  for (const text of texts) {
    run.spend(1 + stepsOfText(text.length));
    plain.add(text);
    if (hasWildcard(text)) patterns.push(text);
  }
  return (text) => {
    run.spend(1 + stepsOfText(text.length));
    if (plain.has(text)) return true;
    if (patterns.some((pattern) => covers(pattern, text, run))) return true;
    return hasWildcard(text) && texts.some((other) => covers(text, other, run));
  };
}

/** With a `?` each place of the text may be compared with all of the pattern, a character at a time. */
function stepsOfPattern(pattern: string, text: string): number {
  const product = pattern.length * text.length;
  return pattern.includes('?') ? Math.ceil(product / 16) : stepsOfSearch(text.length, pattern.length);
}
