import { Refusal } from '../reasons.ts';

/** The largest timeoutSeconds that Kubernetes accepts, in milliseconds. */
const maxTimeout = 30_000;
/** What an API server waits when a webhook names no timeoutSeconds, in seconds. */
export const defaultTimeoutSeconds = 10;
/** The API server rounds the timeout up by as much as 1 s; 300 ms are for the network. */
const notOurs = 1_300;
/** Left of the function's own time for writing the answer, in milliseconds. */
const reserve = 200;

const duration = /^(?:[0-9]+(?:\.[0-9]*)?(?:h|ms|us|µs|ns|m|s))+$/;
const wholeSeconds = /^(\d{1,4})s$/;
const component = /([0-9]+(?:\.[0-9]*)?)(h|ms|us|µs|ns|m|s)/g;
const milliseconds: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** What a call gives a review. Milliseconds. */
export interface ReviewTime {
  /** How long the review may take. Never negative. */
  readonly budget: number;
  /** Set where the caller leaves less than the scope's rules ask: whoever sends the request chose that, nobody else. */
  readonly shortage: Shortage | undefined;
}

/** Milliseconds that the caller waits, and that the rules ask it to wait. */
export interface Shortage {
  readonly left: number;
  readonly asked: number;
}

/** A time that ended is no outage where the caller gave too little of it: that is the caller's doing, so a denial. */
export function blameCaller(refusal: Refusal, shortage: Shortage | undefined): Refusal {
  if (!refusal.late || shortage === undefined) return refusal;
  const { left, asked } = shortage;
  const told = `the call left ${left / 1000} s, and the rules ask for ${asked / 1000} s`;
  return new Refusal('too-little-time', `${refusal.message}; ${told}`, { cause: refusal });
}

/**
 * How long a review may take: max(timeout − 1.3 s, timeout / 2) of the query's `timeout` (a Go duration, `10s`, `1m0s`, `500ms`;
 * `askedSeconds` where it is absent or none), never of more than `askedSeconds`, what the scope's rules ask an API server to wait, and
 * never more than `remainingMs`, the time that the function has left, allows.
 */
export function reviewTime(timeoutQuery: string | undefined, askedSeconds: number, remainingMs: number): ReviewTime {
  const asked = Math.min(askedSeconds * 1000, maxTimeout);
  const left = parseDuration(timeoutQuery) ?? asked;
  const timeout = Math.min(left, asked);
  const budget = Math.max(timeout - notOurs, timeout / 2);
  return {
    budget: Math.max(0, Math.min(budget, remainingMs - reserve)),
    shortage: left < asked ? { left, asked } : undefined,
  };
}

/** A positive Go duration in milliseconds. */
function parseDuration(text: string | undefined): number | undefined {
  // What API servers send: whole seconds.
  const seconds = text === undefined ? null : wholeSeconds.exec(text);
  if (seconds !== null) return Number(seconds[1]) * 1000 || undefined;
  if (text === undefined || text.length > 32 || !duration.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(component))
    total += Number(amount) * (milliseconds[unit] ?? 0);
  return total > 0 ? total : undefined;
}
