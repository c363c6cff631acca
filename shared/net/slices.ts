import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import type { Elapsed } from './deadline.ts';
import type { Spending } from './spending.ts';

/** Milliseconds of slices in one turn of the event loop, of all reviews together. */
const share = 10;

export interface Slicing
  extends Pick<Spending, 'deadline' | 'review' | 'riders' | 'crowded'>,
    Partial<Pick<Spending, 'waited'>> {
  readonly elapsed: Elapsed;
  /** What is computed, in the words of messages. */
  readonly what: string;
}

/** Work that waits for its next slice. */
interface Work {
  readonly slicing: Slicing;
  /** Milliseconds that were left when it came. */
  readonly left: number;
  /** Runs its next slice; whether that was the last. */
  next(): boolean;
  end(refusal: Refusal): void;
}

const waiting = new Set<Work>();
/** Milliseconds that the slices of a review have taken. */
const taken = new WeakMap<object, number>();
/** Milliseconds of slices in this turn of the event loop. */
let spent = 0;
let turning = false;

/**
 * Runs work that computes and does not wait, so that it holds up nobody: what else the process does runs after 10 ms of slices,
 * whichever reviews they are of. Of those that wait the review whose slices have taken the least goes first: one with little to
 * compute never waits for all that others have. Work that several wait for goes by the neediest of them, and counts for each as if it were its own:
 * whoever rides with a review that has much else to compute waits no longer than alone. Of work that waits it is told, as of a request,
 * whether it is behind its own review's (`waited`), and for how long it has waited (`crowded`). When the deadline is over the work ends (Refusal `deadline`).
 */
export function inSlices<T>(slices: Slices<T>, slicing: Slicing): Promise<T> {
  return new Promise((resolve, reject) => {
    const work: Work = {
      slicing,
      left: slicing.deadline.remaining(),
      next() {
        try {
          const { done, value } = slices.next();
          if (done) resolve(value);
          return done === true;
        } catch (thrown) {
          reject(thrown);
          return true;
        }
      },
      end: reject,
    };
    const behindItsOwn = slicing.waited !== undefined && hasWork(slicing.review);
    waiting.add(work);
    run();
    if (behindItsOwn && waiting.has(work)) slicing.waited?.();
    if (turning) return;
    turning = true;
    setImmediate(turn);
  });
}

/** Runs slices for as long as this turn has room for them. */
function run(): void {
  for (let work = first(); work !== undefined && spent < share; work = first()) {
    const { elapsed } = work.slicing;
    const since = elapsed();
    if (work.next()) waiting.delete(work);
    const took = elapsed() - since;
    spent += took;
    for (const review of waitingFor(work)) taken.set(review, (taken.get(review) ?? 0) + took);
  }
}

/** Another turn of the event loop. Whoever comes before the next one shares its time. */
function turn(): void {
  turning = spent > 0 || waiting.size > 0;
  spent = 0;
  for (const work of waiting) {
    const { deadline, what, crowded } = work.slicing;
    const remaining = deadline.remaining();
    crowded?.(work.left - remaining);
    if (remaining > 0) continue;
    waiting.delete(work);
    work.end(new Refusal('deadline', `the time ended while ${what}`));
  }
  run();
  if (turning) setImmediate(turn);
}

function hasWork(review: object): boolean {
  for (const { slicing } of waiting) if (slicing.review === review) return true;
  return false;
}

function first(): Work | undefined {
  let least: Work | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const work of waiting) {
    for (const review of waitingFor(work)) {
      const took = taken.get(review) ?? 0;
      if (took >= fewest) continue;
      least = work;
      fewest = took;
    }
  }
  return least;
}

/** Each review once: one may wait for the same by several flights. */
function waitingFor({ slicing: { review, riders } }: Work): Iterable<object> {
  return riders === undefined ? [review] : new Set([review, ...riders()]);
}
