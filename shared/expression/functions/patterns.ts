import { compileWildcard } from '../../image/wildcard.ts';
import { compileSearch, InvalidRegExp, largestText, type RegExpSearch } from '../../regexp.ts';
import { ExpressionError } from '../error.ts';
import { namesOf, sameValue } from '../order.ts';
import { stepsOfPattern } from '../pattern-steps.ts';
import { type Run, stepsOfText, stepsOfWildcards } from '../run.ts';
import { fieldOf, type Json, type JsonObject } from '../value.ts';
import { objectAt, textAt } from './arguments.ts';
import { checkResult, spendText } from './bounds.ts';
import type { ExpressionFunction } from './function.ts';
import { Kept } from './kept.ts';
import { singleText } from './single.ts';

/** What compares a text with a pattern: Go's regular expressions, Kyverno's wildcards, labels. Loaded regular expressions are theirs. */
export const patternFunctions: readonly ExpressionFunction[] = [
  {
    name: 'regex_match',
    takes: [['string'], ['string', 'number']],
    call: (given, run) => {
      const text = printed(given[1], run);
      return search('regex_match', textAt(given, 0), text, run).test(text);
    },
  },
  {
    name: 'regex_replace_all',
    takes: [['string'], ['string', 'number'], ['string', 'number']],
    call: (given, run) => replaceAll('regex_replace_all', given, expansion, run),
  },
  {
    name: 'regex_replace_all_literal',
    takes: [['string'], ['string', 'number'], ['string', 'number']],
    call: (given, run) => replaceAll('regex_replace_all_literal', given, (replacement) => [replacement], run),
  },
  {
    name: 'pattern_match',
    takes: [['string'], ['string', 'number']],
    call: (given, run) => {
      const [pattern, text] = [textAt(given, 0), printed(given[1], run)];
      spendText(run, pattern, text);
      run.spend(stepsOfWildcards(pattern) + stepsOfText(pattern.length * text.length));
      return compileWildcard(pattern)(text);
    },
  },
  {
    name: 'label_match',
    takes: [['object'], ['object']],
    call: (given, run) => labelMatch(objectAt(given, 0), objectAt(given, 1), run),
  },
];

/** What is wanted must be there, with the same value. */
function labelMatch(wanted: JsonObject, labels: JsonObject, run: Run): boolean {
  const names = namesOf(wanted, run);
  return names.every((name) => {
    const value = fieldOf(labels, name);
    return value !== undefined && sameValue(value, wanted[name] ?? null, run);
  });
}

/** Of a replacement: text, and the groups whose matches stand in it. */
type Part = string | { readonly group: string };

function replaceAll(
  name: string,
  given: readonly Json[],
  read: (replacement: string) => readonly Part[],
  run: Run,
): string {
  const [text, replacement] = [printed(given[1], run), printed(given[2], run)];
  const found = search(name, textAt(given, 0), text, run);
  // Finding where it matches takes as much once more as finding that it does.
  run.spend(stepsOfSearch(found, text.length));
  spendText(run, replacement);
  const parts = read(replacement);
  const pieces: string[] = [];
  let length = text.length;
  let at = 0;
  for (const match of found.matches(text)) {
    const filled = parts.map((part) => (typeof part === 'string' ? part : match.group(part.group)));
    const added = filled.reduce((sum, piece) => sum + piece.length, 0);
    length += added + match.start - match.end;
    checkResult(name, length);
    // The next one is searched for in all that is left.
    run.spend(parts.length + stepsOfText(added) + stepsOfSearch(found, text.length - match.end));
    pieces.push(text.slice(at, match.start), ...filled);
    at = match.end;
  }
  return pieces.join('') + text.slice(at);
}

const reference = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu;

/** Go's template of a replacement: `$1`, `${1}`, `${name}`; `$1x` is the group `1x`; `$$` is a dollar, and so is one before all else. */
function expansion(template: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: all, 1: bare, 2: braced, index } of template.matchAll(reference)) {
    parts.push(template.slice(at, index));
    const group = bare ?? braced;
    parts.push(group === undefined ? '$' : { group });
    at = index + all.length;
  }
  parts.push(template.slice(at));
  return parts;
}

const compiled = new Kept<RegExpSearch>();

function search(name: string, pattern: string, text: string, run: Run): RegExpSearch {
  if (text.length > largestText) {
    throw new ExpressionError(`${name}() takes texts of ${largestText} characters at most, not ${text.length}`);
  }
  const found = compiled.of(pattern, run, () => compile(name, pattern, run));
  run.spend(stepsOfSearch(found, text.length));
  return found;
}

function compile(name: string, pattern: string, run: Run): RegExpSearch {
  run.spend(stepsOfPattern(pattern));
  try {
    return compileSearch(pattern);
  } catch (thrown) {
    if (!(thrown instanceof InvalidRegExp)) throw thrown;
    throw new ExpressionError(`${name}() takes a regular expression: ${thrown.message}`);
  }
}

/** Sixteen instructions are as much work as one step. */
function stepsOfSearch({ size }: RegExpSearch, length: number): number {
  return 1 + Math.ceil((length * size) / 16);
}

function printed(value: Json | undefined, run: Run): string {
  return typeof value === 'number' ? singleText(value, run) : textAt([value ?? null], 0);
}
