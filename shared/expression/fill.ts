import { quoted } from '../printable.ts';
import { ExpressionError } from './error.ts';
import { jsonOf, literalOf, literalOfJson, quotedName, textOf } from './literal.ts';
import type { Hole, Piece } from './outer.ts';
import type { Run } from './run.ts';
import type { Json } from './value.ts';

/** What JMESPath reads as an identifier without quotes. */
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;
const wholeNumber = /^-?(?:0|[1-9][0-9]{0,8})$/;

/** A token with its variables' values in it, as text of an expression. Throws ExpressionError for a value that cannot stand there. */
export function fill(hole: Hole, values: readonly Json[], run: Run): string {
  switch (hole.place) {
    case 'string':
      return literalOf(joined(hole, values, run), run);
    case 'quoted':
      return quotedName(joined(hole, values, run), run);
    case 'literal':
      return literalOfJson(literal(hole, values, run));
    case 'name':
      return name(joined(hole, values, run), run);
    case 'index':
      return index(joined(hole, values, run));
    case 'operand':
      return operand(hole, values, run);
  }
}

function joined({ pieces }: Hole, values: readonly Json[], run: Run): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : textOf(valueFor(piece, values), run))).join('');
}

function literal({ pieces }: Hole, values: readonly Json[], run: Run): string {
  const pieced = pieces.map((piece) => {
    if (typeof piece === 'string') return piece;
    const value = valueFor(piece, values);
    return piece.inString ? jsonOf(textOf(value, run), run).slice(1, -1) : jsonOf(value, run);
  });
  const json = pieced.join('');
  try {
    JSON.parse(json);
    return json;
  } catch (cause) {
    throw new ExpressionError('a literal between backticks is no JSON with a variable where it stands', { cause });
  }
}

function name(text: string, run: Run): string {
  if (identifier.test(text)) return quotedName(text, run);
  const told = quoted(text, 60);
  throw new ExpressionError(
    `a variable stands where a name does and comes to ${told}, which is none; in double quotes, "{{ }}", it is one name whatever it has`,
  );
}

/** Kyverno would read a text of digits as a number as well. */
function index(text: string): string {
  if (wholeNumber.test(text)) return text;
  throw new ExpressionError(`a variable stands in brackets and comes to ${quoted(text, 60)}, which is no whole number`);
}

function operand({ pieces: [piece] }: Hole, values: readonly Json[], run: Run): string {
  const value = piece === undefined || typeof piece === 'string' ? null : valueFor(piece, values);
  return typeof value === 'string' ? name(value, run) : literalOf(value, run);
}

function valueFor(piece: Exclude<Piece, string>, values: readonly Json[]): Json {
  return values[piece.variable] ?? null;
}
