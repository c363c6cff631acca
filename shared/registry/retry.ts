import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../net/deadline.ts';
import type { DoorRequest, DoorResponse } from '../net/door.ts';
import { isPassing } from '../net/failure.ts';
import type { Spending } from '../net/spending.ts';
import { Refusal } from '../reasons.ts';
import type { Breakers, Watch } from './breaker.ts';
import { type AskedHost, type Caller, maxWait, pause, type Sleep, type Throttles } from './throttle.ts';

export interface Retrying {
  readonly clock: Clock;
  readonly sleep: Sleep;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
  /** With the same sleep. */
  readonly throttles: Throttles;
  readonly breakers: Breakers;
}

/** What the door tells of a request and asks about it. */
export type Hooks = Required<Pick<DoorRequest, 'beforeSending'>>;

export const sleepFor: Sleep = (milliseconds, signal) => delay(milliseconds, undefined, { signal });

const maxTries = 4;
const firstWait = 100;
/** Milliseconds that a try needs: one that is begun with less ends as a deadline, which says less than what went wrong before. */
const leastLeft = 100;

/**
 * Sends a request that changes nothing, up to four times, or `tries`: again after 408, 429 and 5xx (501 apart, which time
 * does not change) and after connections that break. It waits 0.1, 0.3 and 0.9 s, give or take a quarter, or as Retry-After
 * says; a wait that the deadline does not leave room for is not begun. A host that asks to slow down is left alone by all
 * requests, this one among them: see createThrottles. Where a named host redirects to the one that asked so, that one alone is. One that is silent to everybody is not waited for: see createBreakers. `send` hands
 * the hooks to the door. Returns the last response, whatever its status, or throws the last Refusal.
 */
export async function withRetries(
  send: (hooks: Hooks) => Promise<DoorResponse>,
  host: AskedHost,
  { deadline, named, mayRetry = () => true }: Pick<Spending, 'deadline' | 'mayRetry' | 'named'>,
  { clock, sleep, random, throttles, breakers }: Retrying,
  tries: number = maxTries,
): Promise<DoorResponse> {
  const caller = throttles.caller(host, deadline, named);
  const watch = breakers.watch(host, deadline, named);
  try {
    for (let tried = 1; ; tried++) {
      let response: DoorResponse | undefined;
      let refusal: Refusal | undefined;
      try {
        response = await sendOnce(send, caller, watch);
      } catch (thrown) {
        if (!(thrown instanceof Refusal) || !isPassing(thrown)) throw thrown;
        refusal = thrown;
      }
      const asked = response && retryAfter(response.header('retry-after'), clock());
      const slowed = response?.status === 429 || (response?.status === 503 && asked !== undefined);
      if (response !== undefined && slowed) caller.slowedAt(response.url, asked);
      // The host itself has answered where it sent us on to the one that asked to slow down.
      const itself = slowed && response !== undefined && caller.isItself(response.url);
      if (!itself) caller.answered();
      if (response !== undefined && !isTemporary(response.status)) return response;

      const backoff = firstWait * 3 ** (tried - 1) * (0.75 + random() / 2);
      const wait = Math.max(backoff, asked ?? 0);
      const noTime = wait + leastLeft >= deadline.remaining();
      if (tried === tries || wait > maxWait || noTime || (!itself && !mayRetry())) {
        if (itself) caller.gaveUp(asked, tried === tries);
        const late = tried < tries && wait <= maxWait && noTime;
        if (response !== undefined) return late ? { ...response, late } : response;
        throw refusal === undefined || !late
          ? refusal
          : new Refusal(refusal.reason, refusal.message, { cause: refusal, late });
      }
      response?.discard();
      await (itself ? caller.slowed(wait) : pause(sleep, wait, host.name, deadline));
    }
  } finally {
    caller.end();
  }
}

/** Sends when the host may be asked. While the request waited for its turn the host may have asked to slow down. */
async function sendOnce(
  send: (hooks: Hooks) => Promise<DoorResponse>,
  caller: Caller,
  watch: Watch,
): Promise<DoorResponse> {
  for (;;) {
    await watch.ready();
    await caller.ready();
    let heldBack: Refusal | undefined;
    try {
      const beforeSending = (url: URL) => {
        const refusal = caller.heldBackAt(url);
        if (refusal !== undefined) {
          if (!caller.isItself(url)) heldBack = refusal;
          throw refusal;
        }
        heldBack = caller.heldBack();
        if (heldBack !== undefined) throw heldBack;
        watch.sending();
      };
      return watch.answered(await send({ beforeSending }));
    } catch (thrown) {
      watch.failed(thrown);
      if (heldBack === undefined || thrown !== heldBack) throw thrown;
    }
  }
}

/** Statuses of a service that failed: 408, 429 and 5xx, apart from 501, which time does not change. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Milliseconds from now, or `undefined` for what is neither seconds nor an HTTP date (RFC 9110 §10.2.3). */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
