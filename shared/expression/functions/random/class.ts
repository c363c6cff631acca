import type { Cursor } from './cursor.ts';

/** Code points, each pair from one to the other, both in it. */
export type Ranges = readonly (readonly [from: number, to: number])[];

const lineFeed = 0x0a;
const lastCharacter = 0x10ffff;
const printable: Ranges = [[0x20, 0x7e]];

const named = new Map<string, string>([
  ['alnum', '09AZaz'],
  ['alpha', 'AZaz'],
  ['ascii', '\0\x7f'],
  ['blank', '\t\t  '],
  ['cntrl', '\0\x1f\x7f\x7f'],
  ['digit', '09'],
  ['graph', '!~'],
  ['lower', 'az'],
  ['print', ' ~'],
  ['punct', '!/:@[`{~'],
  ['space', '\t\r  '],
  ['upper', 'AZ'],
  ['word', '09AZaz__'],
  ['xdigit', '09AFaf'],
]);

/** What stands after `[`, its end included. Of a set of what is not in it, what a keyboard has is preferred. */
export function readClass(cursor: Cursor): Ranges {
  const negated = cursor.take('^');
  const ranges: (readonly [number, number])[] = [];
  do {
    const [, not, name] = cursor.match(/\[:(\^?)([a-z]+):\]/y) ?? [];
    ranges.push(
      ...(name === undefined ? [readRange(cursor, ranges.length === 0)] : namedRanges(cursor, name, not === '^')),
    );
  } while (!cursor.take(']'));
  if (!negated) return ranges;
  const others = complement([...ranges, [lineFeed, lineFeed]]);
  const preferred = intersection(others, printable);
  if (others.length === 0) throw cursor.problem('a set of nothing');
  return preferred.length > 0 ? preferred : others;
}

/** A hyphen stands for itself at the beginning and the end alone. */
function readRange(cursor: Cursor, first: boolean): readonly [number, number] {
  if (!first && cursor.sees('-') && !cursor.sees('-]')) throw cursor.problem('a - in the middle of a set');
  const from = cursor.character();
  if (!cursor.sees('-') || cursor.sees('-]')) return [from, from];
  cursor.take('-');
  const to = cursor.character();
  if (to < from) throw cursor.problem('a range whose end is before its beginning');
  return [from, to];
}

function namedRanges(cursor: Cursor, name: string, negated: boolean): Ranges {
  const pairs = named.get(name);
  if (pairs === undefined) throw cursor.problem(`no set that is named ${name.slice(0, 20)}`);
  const ranges: (readonly [number, number])[] = [];
  for (let at = 0; at < pairs.length; at += 2) ranges.push([pairs.charCodeAt(at), pairs.charCodeAt(at + 1)]);
  return negated ? complement(ranges) : ranges;
}

/** All characters that are in none of the ranges; a surrogate is none. */
function complement(ranges: Ranges): Ranges {
  const sorted = [...ranges, [0xd800, 0xdfff] as const].toSorted((one, other) => one[0] - other[0]);
  const others: (readonly [number, number])[] = [];
  let next = 0;
  for (const [from, to] of sorted) {
    if (from > next) others.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= lastCharacter) others.push([next, lastCharacter]);
  return others;
}

function intersection(ranges: Ranges, others: Ranges): Ranges {
  return ranges.flatMap(([from, to]) =>
    others
      .map(([least, most]) => [Math.max(from, least), Math.min(to, most)] as const)
      .filter(([least, most]) => least <= most),
  );
}
