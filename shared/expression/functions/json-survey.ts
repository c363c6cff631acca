import type { Run } from '../run.ts';

/** A name that no object had yet takes the parser some hundred nanoseconds; those that many objects have take nothing more. */
const stepsOfName = 8;

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBracket = 0x5b;
const openBrace = 0x7b;
const closeBracket = 0x5d;
const closeBrace = 0x7d;

/**
 * Looks over a text of JSON before anything is made of it: pays for its names, each as often as it is written in another way, and says
 * whether it is nested no more than `deepest`. Whether it is JSON is left to the parser.
 */
export function fitsParser(text: string, deepest: number, run: Run): boolean {
  const names = new Set<string>();
  let name = '';
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === quote) {
      const end = endOfString(text, at);
      name = text.slice(at, end);
      at = end;
    } else if (unit === colon) {
      if (names.has(name)) continue;
      run.spend(stepsOfName);
      names.add(name);
    } else if (unit === openBracket || unit === openBrace) {
      depth += 1;
      if (depth > deepest) return false;
    } else if (unit === closeBracket || unit === closeBrace) depth -= 1;
  }
  return true;
}

/** Where the string that begins with the quote at `start` ends: at its other quote, or else where the text does. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
