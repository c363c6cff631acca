import { Refusal } from '../reasons.ts';

/** Milliseconds by the wall clock, as Date.now gives them: validity and TTLs. Injected everywhere, so that tests set the time. */
export type Clock = () => number;

/** Milliseconds by a clock that nobody sets, as performance.now gives them: durations and deadlines. Injected as well. */
export type Elapsed = () => number;

/** The process's own. It stands still while the machine sleeps: nothing that is valid until a date is measured by it. */
export const monotonic: Elapsed = () => performance.now();

/** When an answer is due. `signal` aborts work that would come too late; `remaining` is in milliseconds, never negative. */
export interface Deadline {
  readonly signal: AbortSignal;
  remaining(): number;
}

/** A deadline that holds a timer until it is stopped. */
export interface RunningDeadline extends Deadline {
  /** The answer is out. Work that is still under way with `signal` has a second to end, or what is left; then it aborts. */
  stop(): void;
}

/** Milliseconds for what still runs when nobody waits for it any longer. */
const grace = 1000;

/**
 * A deadline `budgetMs` milliseconds from now. `signal` aborts with a Refusal `deadline`. The controller and its timer are made
 * when `signal` is first read: an answer from the ledger needs neither. The timer keeps no process alive.
 */
export function startDeadline(budgetMs: number, elapsed: Elapsed): RunningDeadline {
  return new TimerDeadline(budgetMs, elapsed);
}

/** A deadline for one step: `fraction` of what is left, so that a step which waits in vain leaves time for the next. */
export function shareOf(deadline: Deadline, fraction: number, elapsed: Elapsed): RunningDeadline {
  return new TimerDeadline(deadline.remaining() * fraction, elapsed);
}

class TimerDeadline implements RunningDeadline {
  #budget: number;
  readonly #elapsed: Elapsed;
  readonly #start: number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(budgetMs: number, elapsed: Elapsed) {
    this.#budget = budgetMs;
    this.#elapsed = elapsed;
    this.#start = elapsed();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const left = this.remaining();
      if (left === 0) this.#abort();
      else this.#abortIn(this.#stopped ? Math.min(left, grace) : left);
    }
    return this.#controller.signal;
  }

  remaining(): number {
    if (this.#controller?.signal.aborted) return 0;
    return Math.max(0, this.#budget - (this.#elapsed() - this.#start));
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer === undefined || this.#controller?.signal.aborted) return;
    clearTimeout(this.#timer);
    const left = Math.min(this.remaining(), grace);
    // Who would wait for what still runs is told at once how little time it has.
    this.#budget = this.#elapsed() - this.#start + left;
    this.#abortIn(left);
  }

  #abortIn(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#abort(), milliseconds).unref();
  }

  #abort(): void {
    this.#controller?.abort(new Refusal('deadline', `the ${Math.round(this.#budget)} ms for this step ended`));
  }
}
