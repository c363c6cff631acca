import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Deadline } from '../net/deadline.ts';
import type { DoorResponse } from '../net/door.ts';
import { isPassing } from '../net/failure.ts';
import { Refusal } from '../reasons.ts';

export interface Retrying {
  readonly clock: Clock;
  /** Milliseconds; rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to below 1, as Math.random. */
  readonly random: () => number;
}

export const sleepFor: Retrying['sleep'] = (milliseconds, signal) => delay(milliseconds, undefined, { signal });

const maxTries = 4;
const firstWait = 100;
/** A registry that asks for a longer wait than this (milliseconds) is not waited for. */
export const maxWait = 30_000;

/**
 * Sends a request that changes nothing, up to four times: again after 408, 429 and 5xx (501 apart, which time does not
 * change) and after connections that break. It waits 0.1, 0.3 and 0.9 s, give or take a quarter, or as Retry-After says;
 * a wait that the deadline does not leave room for is not begun. Returns the last response, whatever its status, or throws
 * the last Refusal.
 */
export async function withRetries(
  send: () => Promise<DoorResponse>,
  deadline: Deadline,
  { clock, sleep, random }: Retrying,
): Promise<DoorResponse> {
  for (let tried = 1; ; tried++) {
    let response: DoorResponse | undefined;
    let refusal: Refusal | undefined;
    try {
      response = await send();
      if (!isTemporary(response.status)) return response;
    } catch (thrown) {
      if (!(thrown instanceof Refusal) || !isPassing(thrown)) throw thrown;
      refusal = thrown;
    }
    const backoff = firstWait * 3 ** (tried - 1) * (0.75 + random() / 2);
    const asked = response && retryAfter(response.header('retry-after'), clock());
    const wait = Math.max(backoff, asked ?? 0);
    if (tried === maxTries || wait > maxWait || wait >= deadline.remaining()) {
      if (response !== undefined) return response;
      throw refusal;
    }
    response?.discard();
    try {
      await sleep(wait, deadline.signal);
    } catch (thrown) {
      if (!deadline.signal.aborted) throw thrown;
      throw new Refusal('deadline', 'the time ended while a registry was waited for', { cause: thrown });
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
