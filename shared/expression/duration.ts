/** Nanoseconds in each unit of Go's durations. Two characters are written for micro. */
const units = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const second = 1_000_000_000n;
/** A duration is a signed number of 64 bits: 292 years either way. */
const most = 2n ** 63n - 1n;
const least = -(2n ** 63n);

/** A number, its decimal places, and all up to the next number. */
const component = /([0-9]*)(?:\.([0-9]*))?([^0-9.]+)/y;

/** Nanoseconds of a text as Go's time.ParseDuration reads it (`1h2m3.5s`, `-90m`, `0`); `undefined` for what is none. */
export function parseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text;
  if (unsigned === '0') return 0n;
  if (unsigned === '') return undefined;
  let total = 0n;
  component.lastIndex = 0;
  while (component.lastIndex < unsigned.length) {
    const [, whole = '', fraction = '', name = ''] = component.exec(unsigned) ?? [];
    const unit = units.get(name);
    if (unit === undefined || whole + fraction === '') return undefined;
    const significant = whole.replace(/^0+/, '');
    // 2^63 has 19 digits.
    if (significant.length > 19) return undefined;
    total += BigInt(significant) * unit + partOf(unit, fraction);
    if (total > -least) return undefined;
  }
  const duration = negative ? -total : total;
  return inDuration(duration) ? duration : undefined;
}

/** As Go prints a duration of so many nanoseconds: `168h0m0s`, `1m30.5s`, `1.5ms`. */
export function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size === 0n) return '0s';
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}\u00b5s`;
  if (size < second) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / (60n * second);
  const seconds = `${decimal(size % (60n * second), 9)}s`;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** Seconds, as Go's Duration.Seconds rounds them. */
export function durationSeconds(nanoseconds: bigint): number {
  return Number(nanoseconds / second) + Number(nanoseconds % second) / 1e9;
}

/** The duration of so many seconds, what is less than a nanosecond cut off; `undefined` where it is none, or does not fit. */
export function durationOfSeconds(seconds: number): bigint | undefined {
  const nanoseconds = Math.trunc(seconds * 1e9);
  if (!Number.isFinite(nanoseconds)) return undefined;
  const duration = BigInt(nanoseconds);
  return inDuration(duration) ? duration : undefined;
}

/** Whether a duration can be so many nanoseconds long. */
export function inDuration(nanoseconds: bigint): boolean {
  return nanoseconds >= least && nanoseconds <= most;
}

/** As Go has it: the digits as far as they fit 63 bits, times the unit in floating point. */
function partOf(unit: bigint, fraction: string): bigint {
  let digits = 0n;
  let scale = 1;
  for (const digit of fraction) {
    const more = digits * 10n + BigInt(digit);
    if (digits > most / 10n || more > -least) break;
    digits = more;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / scale)));
}

function decimal(number: bigint, places: number): string {
  const divisor = 10n ** BigInt(places);
  const fraction = (number % divisor).toString().padStart(places, '0').replace(/0+$/, '');
  return fraction === '' ? `${number / divisor}` : `${number / divisor}.${fraction}`;
}
