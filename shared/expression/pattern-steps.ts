import { largestPattern } from '../regexp.ts';

/** Steps that one takes, whatever is in it, until it has been asked for the first time. */
const ofPattern = 400;
/** Steps that reading a character takes, and what it is made into: an instruction. */
const ofCharacter = 10;
const ofInstruction = 20;
/** Letters of some kind (`\p{L}`) are hundreds of ranges, which are put in order with the others of their class. */
const ofTable = 1800;
const ofFoldedTable = 4000;
/** Where case does not count, each character of a range is looked up: those up to U+1E943 have another case, or might. */
const ofFoldedCharacter = 0.6;
const [firstFolded, lastFolded] = [0x41, 0x1e943];

const table = /\\[pP]/g;
const folds = /\(\?[A-Za-z]*i/;
/** Where a range ends: a character, as itself or by its number. Whether the hyphen stands in a class makes no difference. */
const rangeEnd = /-(?=(?:\\x\{0*([0-9a-fA-F]{1,6})\}|(\\)|([\s\S])))/gu;
const repetition = /\{([0-9]{1,4})(?:,([0-9]{0,4}))?\}/y;

/**
 * Steps that compiling a regular expression takes at most, told by its text before it is compiled: whoever writes one needs a few
 * characters for ten thousand instructions (`[a-z]{1,1000}`), and for milliseconds (`(?i)[a-\x{10ffff}]`). One that is too long to be
 * compiled takes nothing.
 */
export function stepsOfPattern(pattern: string): number {
  if (pattern.length > largestPattern) return 0;
  const folded = folds.test(pattern);
  const tables = pattern.match(table)?.length ?? 0;
  return (
    ofPattern +
    ofCharacter * pattern.length +
    ofInstruction * instructionsOf(pattern) +
    (folded ? ofFoldedTable : ofTable) * tables +
    (folded ? Math.ceil(ofFoldedCharacter * charactersInRanges(pattern)) : 0)
  );
}

/** The instructions that it is compiled to, or somewhat more. */
function instructionsOf(pattern: string): number {
  const around: number[] = [];
  /** Of the group that is being read; of its last part, which may be repeated. */
  let [size, last] = [0, 0];
  for (let at = 0; at < pattern.length; at += 1) {
    switch (pattern.charAt(at)) {
      case '(':
        around.push(size);
        [size, last] = [2, 0];
        break;
      case ')':
        last = size;
        size += around.pop() ?? 0;
        break;
      case '|':
        [size, last] = [size + 2, 0];
        break;
      case '*':
      case '+':
      case '?':
        [size, last] = [size + 1, last + 1];
        break;
      case '{': {
        const repeated = timesAt(pattern, at) * (last + 1);
        [size, last] = [size - last + repeated, repeated];
        break;
      }
      case '[':
        at = endOfClass(pattern, at);
        [size, last] = [size + 1, 1];
        break;
      case '\\':
        at += 1;
        [size, last] = [size + 1, 1];
        break;
      default:
        [size, last] = [size + 1, 1];
    }
  }
  return around.reduce((sum, each) => sum + each, size);
}

/** How often the repetition at a brace repeats at most; once where it is none. */
function timesAt(pattern: string, at: number): number {
  repetition.lastIndex = at;
  const [, least = '1', most = least] = repetition.exec(pattern) ?? [];
  return Math.max(1, Number(least) + (most === '' ? 1 : 0), Number(most));
}

/** Where the class ends whose bracket is at `start`: a bracket that comes first stands for itself, and `[:alpha:]` is a name. */
function endOfClass(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern.charAt(at) === '^') at += 1;
  if (pattern.charAt(at) === ']') at += 1;
  for (; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === ']') return at;
    if (character === '\\') at += 1;
    if (character !== '[' || pattern.charAt(at + 1) !== ':') continue;
    const end = pattern.indexOf(':]', at + 2);
    if (end !== -1) at = end + 1;
  }
  return at;
}

/** All that might be in its ranges: of each those up to its end. */
function charactersInRanges(pattern: string): number {
  let count = 0;
  for (const [, hexadecimal, backslash, character = ''] of pattern.matchAll(rangeEnd)) {
    // Other escapes than `\x{10ffff}` have three digits at most.
    const end = backslash === undefined ? (character.codePointAt(0) ?? Number.parseInt(hexadecimal ?? '', 16)) : 0o777;
    count += Math.max(0, Math.min(end, lastFolded) - firstFolded);
  }
  return count;
}
