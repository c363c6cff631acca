import type { Deadline } from '../net/deadline.ts';
import { inTime, isPromise } from '../net/in-time.ts';

const readMs = 500;
const writeMs = 150;

/** Milliseconds. A table that is slow must leave time to ask the registry instead. */
export function readLimit(deadline: Deadline): number {
  return Math.min(readMs, deadline.remaining() / 4);
}

/** Milliseconds: an answer waits for what is written. */
export function writeLimit(deadline: Deadline): number {
  return Math.min(writeMs, deadline.remaining());
}

/**
 * Runs a call of the table for as long as `limit` says, in milliseconds; then the signal aborts and the promise rejects, whether
 * the table heeds the signal or not. What is answered at once costs neither a timer nor a promise, and asks for no limit.
 */
export function callTable<T>(limit: () => number, work: (time: CallTime) => T | Promise<T>): T | Promise<T> {
  const time = new CallTime(limit);
  let answer: T | Promise<T>;
  try {
    answer = work(time);
  } catch (thrown) {
    time.stop();
    throw thrown;
  }
  if (isPromise(answer)) return time.bound(answer);
  time.stop();
  return answer;
}

/** The options of one call: the signal and its timer are made when the table asks for them. */
export class CallTime {
  /** Every read of the protocol is: what one instance forgot, another must not find. Predicates alone are never forgotten. */
  readonly consistent = true;
  readonly #limit: () => number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController();
      const ms = this.#limit();
      this.#controller = controller;
      this.#timer = setTimeout(
        () => controller.abort(new Error(`the table gave no answer in ${Math.round(ms)} ms`)),
        ms,
      );
    }
    return this.#controller.signal;
  }

  bound<T>(answer: Promise<T>): Promise<T> {
    return inTime(answer, this, () => this.signal.reason).finally(() => this.stop());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
