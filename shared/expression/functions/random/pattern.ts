import { ExpressionError } from '../../error.ts';
import { type Ranges, readClass } from './class.ts';
import { Cursor } from './cursor.ts';

/** What `random` makes a text of. */
export type Pattern =
  | { readonly is: 'characters'; readonly ranges: Ranges }
  | { readonly is: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly is: 'choice'; readonly options: readonly Pattern[] }
  | { readonly is: 'repeat'; readonly item: Pattern; readonly least: number; readonly most: number };

/** As goregen has it for `*`, `+` and `{2,}`. */
const unbounded = 4096;
/** As Go's regular expressions have it. */
const mostRepeats = 1000;
/** UTF-16 units. */
const longest = 1024;
const deepest = 100;

/** `.`: of the characters that there are, those that a keyboard has. */
const anything: Ranges = [[0x20, 0x7e]];
const nothing: Pattern = { is: 'sequence', items: [] };

/**
 * Reads a regular expression as goregen does, which knows POSIX's: sets, groups, `|`, repetitions, `.`; `^` and `$` are nothing. There
 * is no `\d` and no `(?:`: `[0-9]` and `(` do. Throws ExpressionError.
 */
export function readPattern(text: string): Pattern {
  if (text.length > longest) throw new ExpressionError(`random() takes patterns of ${longest} characters at most`);
  const cursor = new Cursor(text);
  const pattern = readChoice(cursor, 0);
  if (!cursor.atEnd) throw cursor.problem('a ) that closes nothing');
  return pattern;
}

function readChoice(cursor: Cursor, depth: number): Pattern {
  if (depth > deepest) throw cursor.problem('groups that are nested too deep');
  const options = [readSequence(cursor, depth)];
  while (cursor.take('|')) options.push(readSequence(cursor, depth));
  return options.length === 1 ? (options[0] ?? nothing) : { is: 'choice', options };
}

function readSequence(cursor: Cursor, depth: number): Pattern {
  const items: Pattern[] = [];
  while (!cursor.atEnd && !cursor.sees('|') && !cursor.sees(')')) {
    const repeat = readRepeat(cursor);
    const item = repeat === undefined ? readItem(cursor, depth) : items.pop();
    if (item === undefined) throw cursor.problem('a repetition of nothing');
    items.push(repeat === undefined ? item : repeated(item, repeat));
  }
  return { is: 'sequence', items };
}

interface Repeat {
  readonly least: number;
  readonly most: number;
}

/** Go takes `a**` and `a+*` for `a*`. */
function repeated(item: Pattern, repeat: Repeat): Pattern {
  if (item.is !== 'repeat' || !isSign(item) || !isSign(repeat)) return { is: 'repeat', item, ...repeat };
  const same = item.least === repeat.least && item.most === repeat.most;
  return same ? item : { ...item, least: 0, most: unbounded };
}

/** `*`, `+` or `?`. */
function isSign({ least, most }: Repeat): boolean {
  return most === unbounded ? least < 2 : least === 0 && most === 1;
}

function readItem(cursor: Cursor, depth: number): Pattern {
  if (cursor.take('(')) {
    const inner = readChoice(cursor, depth + 1);
    if (!cursor.take(')')) throw cursor.problem('a ( that is not closed');
    return inner;
  }
  if (cursor.take('[')) return { is: 'characters', ranges: readClass(cursor) };
  if (cursor.take('.')) return { is: 'characters', ranges: anything };
  if (cursor.take('^') || cursor.take('$')) return nothing;
  const character = cursor.character();
  return { is: 'characters', ranges: [[character, character]] };
}

function readRepeat(cursor: Cursor): Repeat | undefined {
  if (cursor.take('*')) return { least: 0, most: unbounded };
  if (cursor.take('+')) return { least: 1, most: unbounded };
  if (cursor.take('?')) return { least: 0, most: 1 };
  // Braces with anything else between them are characters.
  const found = cursor.match(/\{(0|[1-9][0-9]*)(,(0|[1-9][0-9]*)?)?\}/y);
  if (found === undefined) return undefined;
  const [, first, comma, second] = found;
  const least = Number(first);
  const most = comma === undefined ? least : Number(second ?? mostRepeats);
  if (least > mostRepeats || most > mostRepeats || least > most) throw cursor.problem('a repetition that cannot be');
  return { least, most: comma !== undefined && second === undefined ? unbounded : most };
}
