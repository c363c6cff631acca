const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const whole = /^[+-]?(?:0|(?:(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const part = /([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g;

/** A duration as Go's time.ParseDuration reads it (`60m`, `1h30m`, `1.5h`, `0`), in milliseconds; `undefined`: it is none. */
export function parseDuration(text: string): number | undefined {
  if (!whole.test(text)) return undefined;
  let ms = 0;
  for (const [, count = '', unit = ''] of text.matchAll(part)) ms += Number(count) * (units[unit] ?? Number.NaN);
  return text.startsWith('-') ? -ms : ms;
}
