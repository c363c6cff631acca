/** RFC 3339 section 5.6, in capitals as Go reads it: the fraction of any length, the offset in hours and minutes. */
const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9})\d{0,21})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

const minute = 60_000;

/** Milliseconds since 1970, what is below them left out; `undefined`: it is no such time, or a day that the calendar lacks. */
export function parseRfc3339(text: unknown): number | undefined {
  const found = typeof text === 'string' ? rfc3339.exec(text) : null;
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1, 7).map(Number);
  const milliseconds = Number((found[7] ?? '').padEnd(3, '0').slice(0, 3));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const local = date.setUTCHours(hours, minutes, seconds, milliseconds);
  const offset = (Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0)) * minute;
  return found[8] === '-' ? local + offset : local - offset;
}

/** The last day that a Date can be (ECMA-262, "Time Values and Time Range"), in seconds. */
const lastSecond = 8.64e12;

/** The same of whole seconds since 1970. */
export function parseSeconds(value: unknown): number | undefined {
  const isTime = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= lastSecond;
  return isTime ? value * 1000 : undefined;
}
