import { formatDuration, parseDuration } from '../duration.ts';
import { ExpressionError } from '../error.ts';
import type { Run } from '../run.ts';
import type { Json } from '../value.ts';
import { textAt } from './arguments.ts';
import type { ExpressionFunction } from './function.ts';
import { clockOf, formatMoment, type Moment, momentOf, truncateMoment } from './time/moment.ts';
import { parseTime, rfc3339 } from './time/parse.ts';

type Call = (given: readonly Json[], run: Run) => Json;

/** Of times as Go reads and writes them, RFC 3339 where no layout is given. Clocks are at UTC, as in Kyverno's pods. */
export const timeFunctions: readonly ExpressionFunction[] = [
  ofTexts('time_since', 3, (given, run) => since(textAt(given, 0), textAt(given, 1), textAt(given, 2), run)),
  ofTexts('time_now', 0, (_, run) => formatMoment(now(run))),
  ofTexts('time_now_utc', 0, (_, run) => formatMoment(now(run))),
  ofTexts('time_add', 2, (given) => {
    const { nanoseconds, offset } = timeAt(given, 0);
    return formatMoment(momentOf(nanoseconds + durationAt(given, 1, 'time_add'), offset));
  }),
  ofTexts('time_parse', 2, (given) => formatMoment(parse(textAt(given, 0), textAt(given, 1)))),
  ofTexts('time_to_cron', 1, (given) => cron(timeAt(given, 0))),
  ofTexts('time_utc', 1, (given) => formatMoment({ ...timeAt(given, 0), offset: 0 })),
  ofTexts('time_diff', 2, (given) => between(timeAt(given, 0), timeAt(given, 1))),
  ofTexts('time_before', 2, (given) => timeAt(given, 0).nanoseconds < timeAt(given, 1).nanoseconds),
  ofTexts('time_after', 2, (given) => timeAt(given, 0).nanoseconds > timeAt(given, 1).nanoseconds),
  ofTexts('time_between', 3, (given) => {
    const [{ nanoseconds }, start, end] = [timeAt(given, 0), timeAt(given, 1), timeAt(given, 2)];
    return nanoseconds > start.nanoseconds && nanoseconds < end.nanoseconds;
  }),
  ofTexts('time_truncate', 2, (given) => {
    return formatMoment(truncateMoment(timeAt(given, 0), durationAt(given, 1, 'time_truncate')));
  }),
];

/** Texts that are times are short, or an error: all of them cost the same. */
const steps = 32;

function ofTexts(name: string, count: number, call: Call): ExpressionFunction {
  return {
    name,
    takes: Array.from({ length: count }, () => ['string'] as const),
    call: (given, run) => {
      run.spend(steps);
      return call(given, run);
    },
  };
}

/** How long after the first time the second one is, or now where that is empty. The layout is of both. */
function since(layout: string, first: string, second: string, run: Run): string {
  const read = layout === '' ? rfc3339 : layout;
  return between(parseTime(read, first), second === '' ? now(run) : parseTime(read, second));
}

/** A layout that is a number, whichever, says that the time is one: of seconds since 1970. */
function parse(layout: string, text: string): Moment {
  if (!isInteger(layout)) return parseTime(layout, text);
  if (!isInteger(text))
    throw new ExpressionError('time_parse() takes a whole number of 64 bits where the layout is one');
  return momentOf(BigInt(text.replace('+', '')) * 1_000_000_000n, 0);
}

/** A number that Go's ParseInt takes, of 64 bits. */
function isInteger(text: string): boolean {
  if (!/^[-+]?0*[0-9]{1,19}$/.test(text) || text.length > 512) return false;
  return BigInt.asIntN(64, BigInt(text.replace('+', ''))) === BigInt(text.replace('+', ''));
}

/** Minute, hour, day, month and day of the week, as clocks showed them where the time was written. */
function cron(moment: Moment): string {
  const { minute, hour, day, month, weekday } = clockOf(moment);
  return `${minute} ${hour} ${day} ${month} ${weekday}`;
}

const longest = 2n ** 63n - 1n;

/** From one to the other; over 292 years are 292 years, as Go has it. */
function between(from: Moment, to: Moment): string {
  const nanoseconds = to.nanoseconds - from.nanoseconds;
  if (nanoseconds > longest) return formatDuration(longest);
  return formatDuration(nanoseconds < -longest ? -longest - 1n : nanoseconds);
}

function now(run: Run): Moment {
  return momentOf(BigInt(Math.round(run.now)) * 1_000_000n, 0);
}

function timeAt(given: readonly Json[], at: number): Moment {
  return parseTime(rfc3339, textAt(given, at));
}

function durationAt(given: readonly Json[], at: number, name: string): bigint {
  const text = textAt(given, at);
  const nanoseconds = text.length > 512 ? undefined : parseDuration(text);
  if (nanoseconds === undefined) throw new ExpressionError(`${name}() takes a duration, such as 1h30m`);
  return nanoseconds;
}
