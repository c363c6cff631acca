import { parseJsonText, putField } from '../json-text.ts';
import type { Slices } from '../slices.ts';
import { endOfString } from './json-bounds.ts';

/** Bytes of text that are parsed at once, about: what they hold takes a few milliseconds, whatever it is. */
export const bytesInPiece = 64 * 1024;

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const blanks: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** An object or a list which the reader is in. */
interface Open {
  readonly isList: boolean;
  /** Where its bracket stands. */
  readonly start: number;
  /** Where that of it begins which is not parsed yet, and where the member does that is being read. */
  from: number;
  member: number;
  /** What has been parsed of it; `undefined`: nothing, and if it ends soon it is parsed as a part of what it is in. */
  made: Made | undefined;
  /** The name, in an object, of the member that is made in pieces. */
  name: string;
  /** Whether the member that is being read was made in pieces and has ended: nothing but blanks may follow it. */
  ended: boolean;
}

type Made = { readonly list: unknown[] } | { readonly object: Record<string, unknown> };

/**
 * Parses JSON text (UTF-8) piece by piece, each by itself: whole members of the objects and lists that do not end within a piece. It
 * comes to what parseJsonText comes to, names as `__proto__` and equal ones too. Throws SyntaxError.
 */
export function* parsePieces(bytes: Uint8Array, inPiece: number = bytesInPiece): Slices<unknown> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: Open[] = [];
  let parsed = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at];
    if (byte === quote) at = endOfString(text, at);
    else if (byte === openBrace || byte === openBracket) {
      if (open.at(-1)?.ended) throw new SyntaxError('a comma is missing');
      const isList = byte === openBracket;
      open.push({ isList, start: at, from: at + 1, member: at + 1, made: undefined, name: '', ended: false });
    } else if (byte === comma) {
      const innermost = open.at(-1);
      if (innermost === undefined) throw new SyntaxError('a comma stands outside');
      if (at - parsed >= inPiece) {
        yield* parseOpen(text, open, at);
        parsed = at;
      } else if (innermost.ended) endMember(text, innermost, at);
      innermost.member = at + 1;
    } else if (byte === closeBrace || byte === closeBracket) {
      const closed = open.pop();
      if (closed === undefined) throw new SyntaxError('a bracket is closed that is not open');
      if (closed.made === undefined) {
        if (open.length === 0) break;
        continue;
      }
      if (closed.isList !== (byte === closeBracket)) throw new SyntaxError('a bracket is closed by another');
      if (closed.ended) endMember(text, closed, at);
      else parseMembers(text, closed, at);
      yield;
      const value = 'list' in closed.made ? closed.made.list : closed.made.object;
      const around = open.at(-1);
      if (around === undefined) {
        checkBlank(text, 0, closed.start);
        checkBlank(text, at + 1, text.length);
        return value;
      }
      add(around, around.name, value);
      around.ended = true;
      around.from = at + 1;
    }
  }
  // All of it was one piece, or it ends too soon.
  if (open.some(({ made }) => made !== undefined)) throw new SyntaxError('it ends before it is closed');
  return parseJsonText(text.toString('utf8'));
}

/** Parses what stands before the comma at `at`: of each object and list that is open all members but the one that is being read. */
function* parseOpen(text: Buffer, open: readonly Open[], at: number): Slices<void> {
  for (const [index, each] of open.entries()) {
    each.made ??= each.isList ? { list: [] } : { object: {} };
    const inner = open[index + 1];
    if (inner === undefined) {
      if (each.ended) endMember(text, each, at);
      else parseMembers(text, each, at);
      each.from = at + 1;
    } else {
      if (each.member > each.from) parseMembers(text, each, each.member - 1);
      each.from = each.member;
      if (inner.made === undefined) each.name = nameBefore(text, each, inner.start);
    }
    yield;
  }
}

/** Members between brackets or commas, one at least. */
function parseMembers(text: Buffer, { from, isList, made }: Open, to: number): void {
  const members = text.toString('utf8', from, to);
  const piece: unknown = parseJsonText(isList ? `[${members}]` : `{${members}}`);
  if (addAll(made, piece) === 0) throw new SyntaxError('a member is missing');
}

/** How many there were. */
function addAll(made: Made | undefined, piece: unknown): number {
  if (made === undefined) throw unmade();
  if ('list' in made) {
    const items = Array.isArray(piece) ? piece : [];
    for (const item of items) made.list.push(item);
    return items.length;
  }
  const members = Object.entries(Object(piece));
  for (const [name, value] of members) putField(made.object, name, value);
  return members.length;
}

function add({ made }: Open, name: string, value: unknown): void {
  if (made === undefined) throw unmade();
  if ('list' in made) made.list.push(value);
  else putField(made.object, name, value);
}

function unmade(): Error {
  return new Error('what is in it was parsed before it was made');
}

/** What stands between a comma and the bracket of the value behind it: in an object the name of it, in a list nothing. */
function nameBefore(text: Buffer, { isList, member }: Open, bracket: number): string {
  if (isList) {
    checkBlank(text, member, bracket);
    return '';
  }
  const named: unknown = parseJsonText(`{${text.toString('utf8', member, bracket)}null}`);
  const [name] = Object.keys(Object(named));
  if (name === undefined) throw new SyntaxError('a name is missing');
  return name;
}

function endMember(text: Buffer, ended: Open, at: number): void {
  checkBlank(text, ended.from, at);
  ended.ended = false;
  ended.from = at + 1;
}

function checkBlank(text: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at += 1) {
    if (!blanks.has(text[at])) throw new SyntaxError('something stands where nothing may');
  }
}
