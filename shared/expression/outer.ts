import { quoted } from '../printable.ts';
import { ExpressionError } from './error.ts';
import { literalOf, quotedName } from './literal.ts';
import { uncounted } from './run.ts';
import { mark } from './template-text.ts';
import type { Json } from './value.ts';

/** A part of an expression's text: as it is, or with values in it. */
export type Segment = string | Hole;

/** A token of an expression in which variables stand. */
export interface Hole {
  readonly place: 'string' | 'quoted' | 'literal' | 'name' | 'index' | 'operand';
  readonly pieces: readonly Piece[];
}

/** Text, decoded but for that of literals, or a variable: which one, and whether it stands inside a string of a literal. */
export type Piece = string | { readonly variable: number; readonly inString: boolean };

/**
 * Raw strings, quoted identifiers, literals, words with their marks, white space, and every other character. As in Kyverno's fork of
 * go-jmespath a backslash in a raw string means nothing but before a quote.
 */
const token = /'(?:\\'|[^'\\]|\\(?!'))*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|[A-Za-z0-9_\0]+|\s+|./gs;
/** Tokens after which no other operand can stand: those that end one. */
const endsOperand = /^(?:['"`A-Za-z0-9_\0\])}*@])/;

/**
 * Takes the text of an expression apart in which marks stand for variables, in order. Strings and literals are written anew,
 * so that nobody can read their ends in another way. Throws ExpressionError where a variable stands in no place of its own.
 */
export function readOuter(content: string): readonly Segment[] {
  const tokens = content.match(token) ?? [];
  const segments: Segment[] = [];
  let variables = 0;
  let previous = '';
  tokens.forEach((each, at) => {
    const first = variables;
    for (const character of each) if (character === mark) variables += 1;
    segments.push(segmentOf(each, first, previous, nextOf(tokens, at)));
    if (each.trim() !== '') previous = each;
  });
  return segments;
}

function nextOf(tokens: readonly string[], at: number): string {
  let next = at + 1;
  while (tokens[next]?.trim() === '') next += 1;
  return tokens[next] ?? '';
}

function segmentOf(text: string, first: number, previous: string, next: string): Segment {
  const body = text.slice(1, -1);
  switch (text[0]) {
    case "'":
      return stringSegment(closed(text, body).replaceAll("\\'", "'"), first);
    case '"':
      return quotedSegment(closed(text, body), first);
    case '`':
      return literalSegment(closed(text, body).replaceAll('\\`', '`'), first);
    default:
      return text.includes(mark) ? wordSegment(text, first, previous, next) : text;
  }
}

function closed(text: string, body: string): string {
  if (text.length < 2) throw new ExpressionError(`a ${text} is not closed`);
  return body;
}

function stringSegment(decoded: string, first: number): Segment {
  if (!decoded.includes(mark)) return literalOf(decoded, uncounted);
  return { place: 'string', pieces: piecesOf(decoded, first) };
}

function quotedSegment(body: string, first: number): Segment {
  const decoded = body.split(mark).map((part) => decodedJson(`"${part}"`) as string);
  const [name = ''] = decoded;
  if (decoded.length === 1) return quotedName(name, uncounted);
  return { place: 'quoted', pieces: piecesOf(decoded.join(mark), first) };
}

function literalSegment(json: string, first: number): Segment {
  if (!json.includes(mark)) return literalOf(decodedJson(json), uncounted);
  const pieces: Piece[] = [];
  let variable = first;
  let inString = false;
  for (const part of json.match(/\0|"|(?:\\.|[^\0"\\])+|./gs) ?? []) {
    if (part === '"') inString = !inString;
    pieces.push(part === mark ? { variable: variable++, inString } : part);
  }
  return { place: 'literal', pieces };
}

function wordSegment(word: string, first: number, previous: string, next: string): Segment {
  const pieces = piecesOf(word, first);
  if (next === '(') throw misplaced('a variable names no function');
  if (endsOperand.test(previous)) throw misplaced('a variable stands where an operator is expected');
  if (/^[0-9]/.test(word)) throw misplaced('a variable stands beside a number');
  if (previous === '.') return { place: 'name', pieces };
  if (/^[[:]$/.test(previous) && /^[\]:]$/.test(next)) return { place: 'index', pieces };
  if (next === ':') return { place: 'name', pieces };
  return { place: pieces.length > 1 ? 'name' : 'operand', pieces };
}

/** Text and variables in turn, without empty texts. */
function piecesOf(text: string, first: number): readonly Piece[] {
  const pieces: Piece[] = [];
  text.split(mark).forEach((part, index) => {
    if (index > 0) pieces.push({ variable: first + index - 1, inString: false });
    if (part !== '') pieces.push(part);
  });
  return pieces;
}

function decodedJson(json: string): Json {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ExpressionError(`${quoted(json, 60)} is no JSON`, { cause });
  }
}

function misplaced(what: string): ExpressionError {
  return new ExpressionError(what);
}
