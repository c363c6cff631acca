import type { Clock } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';

/** A value and how long it is good: both in milliseconds by the wall clock. */
export interface Held<T> {
  readonly value: T;
  /** Until then it is given without asking. */
  readonly freshUntil: number;
  /** Until then it is given where asking failed. */
  readonly staleUntil: number;
}

export interface RefreshingOptions<T> {
  /** Asks for the value. Errors it throws are kept, and thrown to several callers. */
  load(signal: AbortSignal): Promise<Held<T>>;
  readonly clock: Clock;
  /** Milliseconds that a load may take, whoever waits for it. */
  readonly timeoutMs: number;
  /** Milliseconds in which a failure is not followed by another try. */
  readonly negativeMs: number;
  /** Whether an old value may be given in place of this failure; where it may not, the old value is not good again after it. */
  servesStale(failure: unknown): boolean;
  /** What to throw where the load, or the caller's own time, took too long. */
  late(): Error;
  /** Told once a failed load, and whether an old value stands in for it. */
  failed(failure: unknown, stale: boolean): void;
}

/** Resolves with the value, fresh if it can be had. A caller waits no longer than its signal. */
export type Refreshing<T> = (signal?: AbortSignal) => Promise<T>;

/**
 * Something that is asked for over the network and is good for a while. Callers at the same time share one load, which is bound to
 * none of their signals; an old value stands in for a load that fails.
 */
export function refreshing<T>(options: RefreshingOptions<T>): Refreshing<T> {
  const { clock, late, timeoutMs } = options;
  let held: Held<T> | undefined;
  let flight: Promise<Held<T>> | undefined;
  let failure: { readonly thrown: unknown; readonly until: number } | undefined;

  function stale(thrown: unknown): Held<T> | undefined {
    return held !== undefined && clock() < held.staleUntil && options.servesStale(thrown) ? held : undefined;
  }

  async function start(): Promise<Held<T>> {
    const began = clock();
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    try {
      held = await inTime(options.load(controller.signal), controller, late);
      failure = undefined;
      return held;
    } catch (thrown) {
      // An instance that is frozen in the middle of a load finds its time over when it goes on: no word of the service's.
      const frozen = controller.signal.aborted && clock() - began > 2 * timeoutMs;
      failure = frozen ? undefined : { thrown, until: clock() + options.negativeMs };
      if (!frozen) {
        if (!options.servesStale(thrown)) held = undefined;
        options.failed(thrown, stale(thrown) !== undefined);
      }
      throw thrown;
    } finally {
      clearTimeout(timer);
      flight = undefined;
    }
  }

  async function load(signal: AbortSignal | undefined): Promise<T> {
    if (failure !== undefined && clock() < failure.until) throw failure.thrown;
    const joined = flight !== undefined;
    flight ??= start();
    try {
      return (await waitFor(flight, signal)).value;
    } catch (thrown) {
      // It was begun before a freeze: once more, as if it had not been begun.
      if (!joined || failure !== undefined || signal?.aborted) throw thrown;
      flight ??= start();
      return (await waitFor(flight, signal)).value;
    }
  }

  function waitFor(work: Promise<Held<T>>, signal: AbortSignal | undefined): Promise<Held<T>> {
    return signal === undefined ? work : inTime(work, { signal }, late);
  }

  return async (signal) => {
    if (held !== undefined && clock() < held.freshUntil) return held.value;
    try {
      return await load(signal);
    } catch (thrown) {
      const old = stale(thrown);
      if (old === undefined) throw thrown;
      return old.value;
    }
  };
}
