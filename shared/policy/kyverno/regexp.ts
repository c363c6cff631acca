import { compileRegExp, InvalidRegExp } from '../../regexp.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** Sees fields that hold a regular expression in a document's text, whatever escapes their names are written with. */
const sign = /RegExp|\\/;

/** Whether loading may come upon a regular expression, so that `loadRegExps` must have been awaited. */
export function mayHoldRegExp(text: string): boolean {
  return sign.test(text);
}

/** Whether a field of that name holds a regular expression. */
export function isRegExp(name: string): boolean {
  return name.endsWith('RegExp');
}

/** A regular expression that compiles, with a warning where its ends are open; `undefined` where there is none or the report says why. */
export function readRegExp(pattern: string | undefined, at: Place, report: Report): string | undefined {
  if (!pattern || !report.clean(at)) return undefined;
  try {
    compileRegExp(pattern);
  } catch (thrown) {
    if (!(thrown instanceof InvalidRegExp)) throw thrown;
    report.problem(at, `is no regular expression of RE2, as Kyverno reads it: ${thrown.message}`);
    return undefined;
  }
  const ends = [
    ...(opensAtStart(pattern) ? ['begin it with ^'] : []),
    ...(opensAtEnd(pattern) ? ['end it with $'] : []),
  ];
  if (ends.length > 0) {
    report.warning(
      at,
      `is looked for anywhere in the text, as in Kyverno, so more may stand around it: ${ends.join(', ')}`,
    );
  }
  return pattern;
}

/** `\Q…\E` is text; flags and a group's own opening are one token. */
const token =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?[A-Za-z-]+\)|\((?:\?(?:[A-Za-z-]*:|P?<\w+>))?|[\s\S]/g;
const flags = /^\(\?[A-Za-z-]+\)$/;
/** With `m` the ends are those of a line. */
const lines = /\(\?[A-Za-z]*m/;
const quantifiers: ReadonlySet<string | undefined> = new Set(['?', '*', '+', '{']);

type Tokens = readonly string[];

function opensAtStart(pattern: string): boolean {
  const anchors = lines.test(pattern) ? ['\\A'] : ['^', '\\A'];
  return !alternatives(tokensOf(pattern)).every((each) => isClosed(each, anchors, firstOf));
}

function opensAtEnd(pattern: string): boolean {
  // What ends with a slash says that more may follow.
  const anchors = lines.test(pattern) ? ['\\z', '/'] : ['$', '\\z', '/'];
  return !alternatives(tokensOf(pattern)).every((each) => isClosed(each, anchors, lastOf));
}

/** Whether an alternative ends in an anchor, or in a group of which every one does. `.*` says that the end is open on purpose. */
function isClosed(tokens: Tokens, anchors: Tokens, endOf: (tokens: Tokens) => Tokens): boolean {
  const end = endOf(tokens);
  const [first = ''] = end;
  if (end.length === 1) return anchors.includes(first);
  if (first === '.') return true;
  return first.startsWith('(') && alternatives(end.slice(1, -1)).every((each) => isClosed(each, anchors, endOf));
}

/** An anchor, `.*` or a group, whole, that must be there; anything else is nothing. */
function firstOf(tokens: Tokens): Tokens {
  const [first = '', next] = tokens;
  if (first === '.') return next === '*' || next === '+' ? ['.', next] : [];
  const size = first.startsWith('(') ? groupSize(tokens) : 1;
  return quantifiers.has(tokens[size]) ? [] : tokens.slice(0, size);
}

function lastOf(tokens: Tokens): Tokens {
  const last = tokens.at(-1);
  if (last === '*' || last === '+') return tokens.at(-2) === '.' ? ['.', last] : [];
  if (last !== ')') return tokens.slice(-1);
  let start = tokens.length - 1;
  for (let depth = 1; depth > 0 && start > 0; ) {
    start -= 1;
    if (tokens[start] === ')') depth += 1;
    if (tokens[start]?.startsWith('(')) depth -= 1;
  }
  return tokens.slice(start);
}

function groupSize(tokens: Tokens): number {
  let depth = 0;
  for (const [index, each] of tokens.entries()) {
    if (each.startsWith('(')) depth += 1;
    if (each === ')') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return tokens.length;
}

function tokensOf(pattern: string): Tokens {
  return (pattern.match(token) ?? []).filter((each) => !flags.test(each));
}

/** What stands between the `|` outside of all groups. */
function alternatives(tokens: Tokens): Tokens[] {
  const found: string[][] = [[]];
  let depth = 0;
  for (const each of tokens) {
    if (each.startsWith('(')) depth += 1;
    if (each === ')') depth -= 1;
    if (each === '|' && depth === 0) found.push([]);
    else found.at(-1)?.push(each);
  }
  return found;
}
