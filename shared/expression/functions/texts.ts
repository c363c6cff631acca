import { ExpressionError } from '../error.ts';
import { compareText } from '../order.ts';
import { type Run, stepsOfSearch } from '../run.ts';
import type { Json } from '../value.ts';
import { numberAt, textAt } from './arguments.ts';
import { largestResult, spendResult, spendText, toInteger } from './bounds.ts';
import type { ExpressionFunction } from './function.ts';
import { foldCase, lowerCase, upperCase } from './letter-case.ts';

/** What Go's strings package does to a text. Its characters are code points. */
export const textFunctions: readonly ExpressionFunction[] = [
  {
    name: 'compare',
    takes: [['string'], ['string']],
    call: (given, run) => withTwo(given, run, (one, other) => Math.sign(compareText(one, other))),
  },
  {
    name: 'equal_fold',
    takes: [['string'], ['string']],
    call: (given, run) => equalFold(textAt(given, 0), textAt(given, 1), run),
  },
  ofLetters('to_upper', upperCase),
  ofLetters('to_lower', lowerCase),
  {
    name: 'trim',
    takes: [['string'], ['string']],
    call: (given, run) => trim(textAt(given, 0), textAt(given, 1), run),
  },
  {
    name: 'trim_prefix',
    takes: [['string'], ['string']],
    call: (given, run) =>
      withTwo(given, run, (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  },
  {
    name: 'split',
    takes: [['string'], ['string']],
    call: (given, run) => withTwo(given, run, (text, separator) => split(text, separator, run)),
  },
  {
    name: 'replace',
    takes: [['string'], ['string'], ['string'], ['number']],
    call: (given, run) => replace('replace', given, toInteger('replace', numberAt(given, 3)), run),
  },
  {
    name: 'replace_all',
    takes: [['string'], ['string'], ['string']],
    call: (given, run) => replace('replace_all', given, -1, run),
  },
  {
    name: 'truncate',
    takes: [['string'], ['number']],
    call: (given, run) => truncate(textAt(given, 0), toInteger('truncate', numberAt(given, 1)), run),
  },
  { name: 'to_boolean', takes: [['string']], call: (given) => toBoolean(textAt(given, 0)) },
];

function withTwo(given: readonly Json[], run: Run, make: (one: string, other: string) => Json): Json {
  const [one, other] = [textAt(given, 0), textAt(given, 1)];
  spendText(run, one, one, one, one, other);
  return make(one, other);
}

function ofLetters(name: string, change: (text: string) => string): ExpressionFunction {
  return {
    name,
    takes: [['string']],
    call: (given, run) => {
      const text = textAt(given, 0);
      run.spend(text.length);
      spendResult(name, text.length, run);
      return change(text);
    },
  };
}

function equalFold(one: string, other: string, run: Run): boolean {
  for (const text of [one, other]) {
    if (text.length > largestResult) {
      throw new ExpressionError(`equal_fold() takes texts of ${largestResult} characters at most`);
    }
    run.spend(text.length);
  }
  return foldCase(one) === foldCase(other);
}

/** Takes off both ends what is in the set of characters. */
function trim(text: string, set: string, run: Run): string {
  run.spend(1 + Math.ceil((text.length + set.length) / 4));
  const off = new Set(set);
  let from = 0;
  for (const character of text) {
    if (!off.has(character)) break;
    from += character.length;
  }
  let to = text.length;
  while (to > from) {
    const pair = text.codePointAt(to - 2) ?? 0;
    const character = pair > 0xffff ? String.fromCodePoint(pair) : text.charAt(to - 1);
    if (!off.has(character)) break;
    to -= character.length;
  }
  return text.slice(from, to);
}

/** Around every separator; by characters where that is empty. */
function split(text: string, separator: string, run: Run): Json {
  if (text.length > largestResult)
    throw new ExpressionError(`split() takes texts of ${largestResult} characters at most`);
  if (separator === '') run.spend(text.length);
  else countOf(text, separator, run);
  return separator === '' ? Array.from(text) : text.split(separator);
}

/** The first `most` of what is found, all where that is negative. Nothing is found before each character, and at the end. */
function replace(name: string, given: readonly Json[], most: number, run: Run): string {
  const [text, old, replacement] = [textAt(given, 0), textAt(given, 1), textAt(given, 2)];
  spendText(run, text, old, replacement);
  const found = old === '' ? charactersOf(text, run) + 1 : countOf(text, old, run);
  const count = most < 0 ? found : Math.min(found, most);
  spendResult(name, text.length + count * (replacement.length - old.length), run);
  const parts: string[] = [];
  let at = 0;
  for (let done = 0; done < count; done += 1) {
    run.spend(1);
    const start = old === '' ? afterCharacter(text, at, done > 0) : text.indexOf(old, at);
    parts.push(text.slice(at, start), replacement);
    at = start + old.length;
  }
  return parts.join('') + text.slice(at);
}

function afterCharacter(text: string, at: number, advance: boolean): number {
  if (!advance) return at;
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

function charactersOf(text: string, run: Run): number {
  run.spend(Math.ceil(text.length / 4));
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** How often a text that is not empty is found, none over another. Pays for finding all of them twice. */
function countOf(text: string, wanted: string, run: Run): number {
  run.spend(2 * stepsOfSearch(text.length, wanted.length));
  let count = 0;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + wanted.length)) {
    run.spend(1);
    count += 1;
  }
  return count;
}

function truncate(text: string, length: number, run: Run): string {
  if (length < 1) return '';
  if (length >= text.length) return text;
  run.spend(length);
  let end = 0;
  for (let taken = 0; taken < length && end < text.length; taken += 1) end = afterCharacter(text, end, true);
  return text.slice(0, end);
}

function toBoolean(text: string): boolean {
  // Neither word is as long as this in any case.
  const word = text.length > 5 ? '' : lowerCase(text);
  if (word === 'true' || word === 'false') return word === 'true';
  throw new ExpressionError("to_boolean() takes 'true' or 'false', in any case");
}
