import { type Moment, momentOf, nanosecondsOf } from './moment.ts';

/** What was read of a time. */
export interface Fields {
  year: number;
  /** From 1. */
  month?: number;
  day?: number;
  /** Of the year, from 1. */
  yearDay?: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  morning?: boolean;
  afternoon?: boolean;
  /** The zone, in this order: UTC itself; seconds east of it; those of a name. */
  utc?: boolean;
  offset?: number;
  named?: number;
}

/** Go marks what has no offset with this one. */
const noOffset = -1;

/** `undefined` where there is no such day, or two parts say two different ones. */
export function momentOfFields(fields: Fields): Moment | undefined {
  const day = dayOf(fields);
  if (day === undefined) return undefined;
  const hour = hourOf(fields);
  const seconds = (hour * 60 + fields.minute) * 60 + fields.second;
  const utc = nanosecondsOf(fields.year, day.month, day.day, seconds, fields.nanosecond);
  if (fields.utc === true) return momentOf(utc, 0);
  const { offset = noOffset, named = 0 } = fields;
  // The clock of a zone that has only a name is taken for UTC's, and shown with the name's offset.
  if (offset === noOffset) return momentOf(utc, named);
  return momentOf(utc - BigInt(offset) * 1_000_000_000n, offset);
}

function hourOf({ hour, morning, afternoon }: Fields): number {
  if (afternoon === true && hour < 12) return hour + 12;
  return morning === true && hour === 12 ? 0 : hour;
}

function dayOf({ year, month, day, yearDay }: Fields): { readonly month: number; readonly day: number } | undefined {
  if (yearDay === undefined) {
    const of = { month: month ?? 1, day: day ?? 1 };
    return of.day >= 1 && of.day <= daysIn(year, of.month) ? of : undefined;
  }
  let left = yearDay;
  let at = 1;
  while (at <= 12 && left > daysIn(year, at)) {
    left -= daysIn(year, at);
    at += 1;
  }
  if (left < 1 || at > 12) return undefined;
  const agrees = (month === undefined || month === at) && (day === undefined || day === left);
  return agrees ? { month: at, day: left } : undefined;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
