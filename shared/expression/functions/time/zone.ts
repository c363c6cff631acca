import type { Fields } from './fields.ts';
import type { Part } from './layout.ts';
import type { Reader } from './reader.ts';

/** What an offset looks like for each way to write it behind its sign, or its Z. */
const offsets = new Map([
  ['07', /[-+][0-9]{2}/y],
  ['0700', /[-+][0-9]{4}/y],
  ['07:00', /[-+][0-9]{2}:[0-9]{2}/y],
  ['070000', /[-+][0-9]{6}/y],
  ['07:00:00', /[-+][0-9]{2}:[0-9]{2}:[0-9]{2}/y],
]);

/** An offset from UTC, up to +24:60:60; of those that begin with `Z` in the layout, `Z` as well. */
export function readOffset(part: Part, reader: Reader, fields: Fields): boolean {
  if (part.startsWith('Z') && reader.take(/Z/y) !== undefined) {
    fields.utc = true;
    return true;
  }
  const expression = offsets.get(part.slice(1));
  const found = expression === undefined ? undefined : reader.take(expression);
  if (found === undefined) return false;
  const digits = found.replaceAll(':', '');
  const twoAt = (at: number) => Number(digits.slice(at, at + 2));
  const [hours, minutes, seconds] = [twoAt(1), twoAt(3), twoAt(5)];
  if (hours > 24 || minutes > 60 || seconds > 60) return false;
  const offset = (hours * 60 + minutes) * 60 + seconds;
  fields.offset = found.startsWith('-') ? -offset : offset;
  return true;
}

/**
 * A zone's name: three to five capitals by Go's rules, or an offset of whole hours. Go knows the offset of none but UTC and `GMT+3`
 * without a local zone: the others stand at 0.
 */
export function readZoneName(reader: Reader, fields: Fields): boolean {
  if (reader.take(/UTC/y) !== undefined) {
    fields.utc = true;
    return true;
  }
  if (reader.take(/ChST|MeST/y) !== undefined) return named(fields, 0);
  if (reader.take(/GMT/y) !== undefined) return named(fields, 3600 * (reader.number(wholeHours) ?? 0));
  // An offset that is two characters long is too short for a zone.
  if (reader.left >= 3 && reader.take(wholeHours) !== undefined) return named(fields, 0);
  return (
    reader.take(/(?![A-Z]{6})(?:[A-Z]{4}T|WITA(?![A-Z])|[A-Z]{3}T(?![A-Z])|[A-Z]{3}(?![A-Z]))/y) !== undefined &&
    named(fields, 0)
  );
}

/** Up to 23, however many digits. */
const wholeHours = /[-+]0*(?:2[0-3]|1[0-9]|[0-9])(?![0-9])/y;

function named(fields: Fields, offset: number): boolean {
  fields.named = offset;
  return true;
}
