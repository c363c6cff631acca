import { quoted } from '../../printable.ts';

const token = /[{}[\],:]|"(?:[^"\\\t\r\n]|\\.)*"|-?[0-9.eE+-]+|true\b|false\b|null\b/y;
const longest = 20;

export interface BrokenJson {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Why a text is no JSON, and where; `undefined`: it is. JSON.parse names no place for some of what it refuses, commas too many among them. */
export function brokenJson(text: string): BrokenJson | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const found = firstMisplaced(text);
    const line = text.slice(0, found?.at).split('\n').length;
    if (found === undefined) return { line, message: 'is no JSON: it ends too early, or a value in it is none' };
    const after = found.before === '' ? 'where it begins' : `after ${quoted(found.before, longest)}`;
    return { line, message: `is no JSON: ${quoted(found.word, longest)} cannot stand ${after}` };
  }
}

interface Misplaced {
  /** Index into the text. */
  readonly at: number;
  readonly word: string;
  /** What stands before it; empty at the beginning. */
  readonly before: string;
}

/** The first word that is none of JSON's, or that cannot follow the one before. */
function firstMisplaced(text: string): Misplaced | undefined {
  let [end, before] = [0, ''];
  for (;;) {
    const at = startOfWord(text, end);
    if (at === text.length) return undefined;
    token.lastIndex = at;
    const [matched] = token.exec(text) ?? [];
    const word = matched ?? /[^ \t\r\n]*/.exec(text.slice(at, at + longest))?.[0] ?? '';
    if (matched === undefined || !canFollow(word, before)) return { at, word, before };
    end = at + word.length;
    before = word;
  }
}

/** JSON has fewer signs that are blank than JavaScript: a byte order mark is none. */
function startOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at += 1;
  return at;
}

function canFollow(word: string, before: string): boolean {
  const ends = word === '}' || word === ']' || word === ',' || word === ':';
  if (before === '' || before === ':' || before === ',') return !ends;
  if (before === '{') return word === '}' || word.startsWith('"');
  if (before === '[') return word === ']' || !ends;
  return ends;
}
