import { ExpressionError } from '../../error.ts';
import { type Fields, momentOfFields } from './fields.ts';
import { type Layout, type LayoutStep, type Part, readLayout } from './layout.ts';
import type { Moment } from './moment.ts';
import { fractionOf, Reader } from './reader.ts';
import { readOffset, readZoneName } from './zone.ts';

export const rfc3339 = readLayout('2006-01-02T15:04:05Z07:00');

/** UTF-16 units of a layout, and of a time. */
export const longestTime = 512;

const months = 'january february march april may june july august september october november december'.split(' ');
const shortMonths = shortened(months);
const days = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');
const shortDays = shortened(days);
const fourDigits = /[0-9]{4}/y;
const anyFraction = /[.,][0-9]+/y;

/**
 * Reads a time by a layout of Go's time package, as its Parse does where clocks are at UTC: what the layout says of no part is 1 January
 * of the year 0, at midnight; a name of a zone is UTC, but for `GMT+3`. Throws ExpressionError.
 */
export function parseTime({ text: layout, steps }: Layout, text: string): Moment {
  const moment = text.length <= longestTime ? read(steps, new Reader(text)) : undefined;
  if (moment === undefined) {
    const shown = JSON.stringify(text.slice(0, 64));
    throw new ExpressionError(`${shown} is no time of the layout ${JSON.stringify(layout.slice(0, 64))}`);
  }
  return moment;
}

function read(steps: readonly LayoutStep[], reader: Reader): Moment | undefined {
  const fields: Fields = { year: 0, hour: 0, minute: 0, second: 0, nanosecond: 0 };
  for (const [at, { literal, part, written }] of steps.entries()) {
    if (!reader.skip(literal)) return undefined;
    if (part === undefined) return reader.atEnd ? momentOfFields(fields) : undefined;
    if (!readPart(part, written, reader, fields)) return undefined;
    const next = steps[at + 1]?.part;
    if ((part === '5' || part === '05') && next !== 'fraction' && next !== 'some fraction') {
      // Seconds may have a fraction that the layout says nothing of.
      const fraction = reader.take(anyFraction);
      if (fraction !== undefined) fields.nanosecond = fractionOf(fraction) ?? 0;
    }
  }
  return undefined;
}

/** Whether the part is there, and in its range. */
function readPart(part: Part, written: string, reader: Reader, fields: Fields): boolean {
  switch (part) {
    case '2006':
      return set(fields, 'year', reader.number(fourDigits), 0, 9999);
    case '06':
      return readShortYear(reader, fields);
    case 'January':
    case 'Jan':
      return set(fields, 'month', reader.name(part === 'Jan' ? shortMonths : months), 1, 12);
    case 'Monday':
    case 'Mon':
      return reader.name(part === 'Mon' ? shortDays : days) !== undefined;
    case '1':
    case '01':
      return set(fields, 'month', reader.digits(part === '01'), 1, 12);
    case '2':
    case '_2':
    case '02':
      if (part === '_2') reader.take(/ /y);
      return set(fields, 'day', reader.digits(part === '02'), 0, 99);
    case '__2':
    case '002':
      if (part === '__2') reader.take(/ {1,2}/y);
      return set(fields, 'yearDay', reader.number(part === '002' ? /[0-9]{3}/y : /[0-9]{1,3}/y), 0, 999);
    case '15':
      return set(fields, 'hour', reader.digits(false), 0, 23);
    case '3':
    case '03':
      return set(fields, 'hour', reader.digits(part === '03'), 0, 12);
    case '4':
    case '04':
      return set(fields, 'minute', reader.digits(part === '04'), 0, 59);
    case '5':
    case '05':
      return set(fields, 'second', reader.digits(part === '05'), 0, 59);
    case 'PM':
    case 'pm':
      return readHalf(part, reader, fields);
    case 'fraction':
      return readFraction(reader.takeLength(written.length), fields);
    case 'some fraction':
      return readFraction(reader.take(anyFraction) ?? '.0', fields, true);
    case 'MST':
      return readZoneName(reader, fields);
    default:
      return readOffset(part, reader, fields);
  }
}

type Numeric = 'year' | 'month' | 'day' | 'yearDay' | 'hour' | 'minute' | 'second';

function set(fields: Fields, name: Numeric, value: number | undefined, least: number, most: number): boolean {
  if (value === undefined || value < least || value > most) return false;
  fields[name] = value;
  return true;
}

/** Until 68 they are of this century. Go lets a sign stand for a digit. */
function readShortYear(reader: Reader, fields: Fields): boolean {
  const year = reader.number(/[-+0-9][0-9]/y);
  if (year === undefined) return false;
  fields.year = year + (year >= 69 ? 1900 : 2000);
  return true;
}

function readHalf(part: 'PM' | 'pm', reader: Reader, fields: Fields): boolean {
  const half = reader.take(part === 'PM' ? /[AP]M/y : /[ap]m/y);
  if (half === undefined) return false;
  fields[half.toUpperCase() === 'PM' ? 'afternoon' : 'morning'] = true;
  return true;
}

/** Go's last one counts, but where a fraction that may be missing is. */
function readFraction(text: string | undefined, fields: Fields, optional = false): boolean {
  const nanosecond = text === undefined ? undefined : fractionOf(text);
  if (nanosecond === undefined) return false;
  if (!optional || text !== '.0') fields.nanosecond = nanosecond;
  return true;
}

function shortened(names: readonly string[]): string[] {
  return names.map((name) => name.slice(0, 3));
}
