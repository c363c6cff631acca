import { ExpressionError } from '../../error.ts';

/** A time as Go's has it: when, and what clocks showed where it was written. */
export interface Moment {
  /** Since 1970, UTC. */
  readonly nanoseconds: bigint;
  /** Seconds east of UTC. */
  readonly offset: number;
}

/** What clocks show there. */
export interface Clock {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** From Sunday, 0. */
  readonly weekday: number;
}

const second = 1_000_000_000n;
/** What JavaScript has a calendar for: 100 million days to either side of 1970. */
const furthest = 8_640_000_000_000n * second;
/** Go counts from the beginning of the year 1. */
const yearOne = BigInt(Date.UTC(2001, 0, 1) / 1000) - 730_485n * 86_400n;

/** A moment that a calendar goes as far as. Throws ExpressionError for any other. */
export function momentOf(nanoseconds: bigint, offset: number): Moment {
  if (nanoseconds > furthest || nanoseconds < -furthest)
    throw new ExpressionError('the time is in no year of a calendar');
  return { nanoseconds, offset };
}

/** UTC, of seconds and more since 1970; the month is from 1, and the day is in it. */
export function nanosecondsOf(year: number, month: number, day: number, seconds: number, more: number): bigint {
  const date = new Date(0);
  // Date.UTC takes the year 6 for 1906.
  date.setUTCFullYear(year, month - 1, day);
  return BigInt(date.getTime() / 1000 + seconds) * second + BigInt(more);
}

export function clockOf({ nanoseconds, offset }: Moment): Clock {
  const date = new Date(Number(floorDivide(nanoseconds, 1_000_000n)) + offset * 1000);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year)) throw new ExpressionError('the time is in no year of a calendar');
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
  };
}

/** RFC 3339 as Go's layout writes it: whole seconds, `Z` for UTC, an offset's seconds left out. */
export function formatMoment(moment: Moment): string {
  const { year, month, day, hour, minute, second } = clockOf(moment);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  return `${date}T${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}${zoneOf(moment.offset)}`;
}

/** The last moment before it, or itself, that is a whole multiple of a duration after the beginning of the year 1. */
export function truncateMoment({ nanoseconds, offset }: Moment, duration: bigint): Moment {
  if (duration <= 0n) return { nanoseconds, offset };
  const since = nanoseconds - yearOne * second;
  return momentOf(nanoseconds - (since - floorDivide(since, duration) * duration), offset);
}

function zoneOf(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.trunc(Math.abs(offset) / 60);
  // Go divides first: what is less than a minute west is +00:00.
  const sign = offset <= -60 ? '-' : '+';
  return `${sign}${padded(Math.trunc(minutes / 60), 2)}:${padded(minutes % 60, 2)}`;
}

function padded(number: number, digits: number): string {
  const text = String(Math.abs(number)).padStart(digits, '0');
  return number < 0 ? `-${text}` : text;
}

function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
