import { formatDuration, parseDuration } from '../duration.ts';
import { ExpressionError } from '../error.ts';
import { type Run, stepsOfText } from '../run.ts';
import type { Json } from '../value.ts';
import { textAt } from './arguments.ts';
import type { ExpressionFunction } from './function.ts';
import { Kept } from './kept.ts';
import { type Layout, readLayout } from './time/layout.ts';
import { clockOf, formatMoment, type Moment, momentOf, truncateMoment } from './time/moment.ts';
import { longestTime, parseTime, rfc3339 } from './time/parse.ts';

type Call = (given: readonly Json[], run: Run) => Json;

/** Of times as Go reads and writes them, RFC 3339 where no layout is given. Clocks are at UTC, as in Kyverno's pods. */
export const timeFunctions: readonly ExpressionFunction[] = [
  ofTexts('time_since', 3, (given, run) => since(textAt(given, 0), textAt(given, 1), textAt(given, 2), run)),
  ofTexts('time_now', 0, (_, run) => formatMoment(now(run))),
  ofTexts('time_now_utc', 0, (_, run) => formatMoment(now(run))),
  ofTexts('time_add', 2, (given, run) => {
    const { nanoseconds, offset } = timeAt(given, 0, run);
    return formatMoment(momentOf(nanoseconds + durationAt(given, 1, 'time_add', run), offset));
  }),
  ofTexts('time_parse', 2, (given, run) => formatMoment(parse(textAt(given, 0), textAt(given, 1), run))),
  ofTexts('time_to_cron', 1, (given, run) => cron(timeAt(given, 0, run))),
  ofTexts('time_utc', 1, (given, run) => formatMoment({ ...timeAt(given, 0, run), offset: 0 })),
  ofTexts('time_diff', 2, (given, run) => between(timeAt(given, 0, run), timeAt(given, 1, run))),
  ofTexts('time_before', 2, (given, run) => timeAt(given, 0, run).nanoseconds < timeAt(given, 1, run).nanoseconds),
  ofTexts('time_after', 2, (given, run) => timeAt(given, 0, run).nanoseconds > timeAt(given, 1, run).nanoseconds),
  ofTexts('time_between', 3, (given, run) => {
    const [{ nanoseconds }, start, end] = [timeAt(given, 0, run), timeAt(given, 1, run), timeAt(given, 2, run)];
    return nanoseconds > start.nanoseconds && nanoseconds < end.nanoseconds;
  }),
  ofTexts('time_truncate', 2, (given, run) => {
    return formatMoment(truncateMoment(timeAt(given, 0, run), durationAt(given, 1, 'time_truncate', run)));
  }),
];

/** What writing a time takes, or telling how far two are apart; and reading each part of one that its layout has. */
const steps = 6;
const stepsOfPart = 2;

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

const layouts = new Kept<Layout>();

function layoutOf(text: string, run: Run): Layout {
  if (text.length > longestTime) {
    throw new ExpressionError(`a layout of times has ${longestTime} characters at most, not ${text.length}`);
  }
  return layouts.of(text, run, () => {
    run.spend(text.length);
    return readLayout(text);
  });
}

function read(layout: Layout, text: string, run: Run): Moment {
  run.spend(stepsOfPart * layout.steps.length + stepsOfText(text.length));
  return parseTime(layout, text);
}

/** How long after the first time the second one is, or now where that is empty. The layout is of both. */
function since(layout: string, first: string, second: string, run: Run): string {
  const of = layout === '' ? rfc3339 : layoutOf(layout, run);
  return between(read(of, first, run), second === '' ? now(run) : read(of, second, run));
}

/** A layout that is a number, whichever, says that the time is one: of seconds since 1970. */
function parse(layout: string, text: string, run: Run): Moment {
  if (integerOf(layout) === undefined) return read(layoutOf(layout, run), text, run);
  const seconds = integerOf(text);
  if (seconds === undefined) {
    throw new ExpressionError('time_parse() takes a whole number of 64 bits where the layout is one');
  }
  return momentOf(seconds * 1_000_000_000n, 0);
}

/** A number that Go's ParseInt takes, of 64 bits; `undefined`: it is none, or is longer than a time. */
function integerOf(text: string): bigint | undefined {
  if (text.length > longestTime || !/^[-+]?0*[0-9]{1,19}$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
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

function timeAt(given: readonly Json[], at: number, run: Run): Moment {
  return read(rfc3339, textAt(given, at), run);
}

function durationAt(given: readonly Json[], at: number, name: string, run: Run): bigint {
  const text = textAt(given, at);
  run.spend(Math.min(text.length, 512));
  const nanoseconds = text.length > 512 ? undefined : parseDuration(text);
  if (nanoseconds === undefined) throw new ExpressionError(`${name}() takes a duration, such as 1h30m`);
  return nanoseconds;
}
