import type { Deadline } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';
import type { Spending } from '../net/spending.ts';
import { isOnesOwn, Refusal } from '../reasons.ts';

interface Flight {
  readonly leader: Spending;
  readonly landed: Promise<Landed>;
  /** Resolves when the leader has to wait for its turn: those who joined may have theirs before. */
  readonly held: Promise<'held'>;
  /** Bytes that came of it so far. */
  read: number;
  /** A request of it has been sent: what it reads may be as it was before whoever comes now. */
  begun: boolean;
  readonly riders: Set<Rider>;
}

/** Whoever waits for it, of another review than the leader's. */
interface Rider {
  readonly spending: Spending;
  /** Told of all bytes that came of it so far. */
  overhear(read: number): void;
}

type Landed = { readonly value: unknown } | { readonly error: unknown };

/** The work of a flight. What it sends for, it sends for by this spending: so the flight knows of it. */
type Work<T> = (spending: Spending) => Promise<T>;

/** Whether what came of a flight is good for one that joined it; `behind`: after a request of it had been sent. */
export type Holds<T> = (value: T, behind: boolean) => boolean;

/**
 * Of the time that a review has left, what a leader must have left for the review to wait for it. Less, and a series of short calls would
 * lead one after the other, each failing for lack of time, while a review with all of its time waits for them. More, and reviews that come
 * a little after one another would hardly ever share: so of equal ones at most five at a time lead for one image.
 */
const nearlyAll = 0.8;
/** Flights that one review waits for: after the first has let it down it may wait for another whom it let down, and then leads. */
const mostWaits = 2;

/** Work in flight by key, so that those who ask for the same at the same time wait for one answer. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /**
   * The first to ask leads: its call does the work. Others wait, no longer than their own deadline (Refusal `deadline`), where the
   * leader has nearly as much time as they have; else they lead a flight of their own, which later ones join. A joiner
   * does not inherit what was the leader's own trouble, its deadline or its allowance of bytes, nor an answer that
   * `holds` turns down, which is told whether the flight had begun before the joiner came: it starts over, and leads unless another already does. Nothing is kept once it has landed.
   *
   * What it computes goes by the neediest of those who wait for it (`riders`).
   *
   * What was read of the work is told to all who wait for it (`overheard`): whose doing it is that they are late depends on it.
   *
   * A host that is named, and the same one where it is not, are asked for each in a flight of their own: whose room and connections the
   * work takes, and what a throttle means to it, depends on that.
   *
   * Work that has to wait for its turn is no longer waited for: each of the joiners starts over. Whoever names an image last among
   * hundreds would have those wait who name it alone.
   */
  async share<T>(name: string, spending: Spending, work: Work<T>, holds: Holds<T>): Promise<T> {
    const { deadline, named = true } = spending;
    const key = `${named ? 'named' : 'unnamed'} ${name}`;
    let told = 0;
    // Several flights read the same: what the first has told of, the next tells no more of.
    const overhear = (read: number) => {
      if (read > told) spending.overheard?.(read - told);
      told = Math.max(told, read);
    };
    for (let waits = 0; ; waits++) {
      const flight = this.#flights.get(key);
      if (flight === undefined || waits === mostWaits || !isWorthIt(flight.leader.deadline, deadline))
        return this.#lead(key, spending, work);
      const left = deadline.remaining();
      const behind = flight.begun;
      const landed = await waitFor(flight, spending, overhear);
      if (landed === 'held') continue;
      if (flight.leader.deadline.remaining() === 0) continue;
      if ('error' in landed) {
        if (!(landed.error instanceof Refusal && isOnesOwn(landed.error))) throw landed.error;
        // Not the registry was waited for, but a review that had used up its bytes elsewhere.
        if (!landed.error.late) spending.crowded?.(left - deadline.remaining());
        continue;
      }
      // One key stands for one kind of work, so the value is of the type that this caller's work would give.
      const value = landed.value as T;
      if (holds(value, behind)) return value;
    }
  }

  async #lead<T>(key: string, leader: Spending, work: Work<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<Landed>();
    const { promise: held, resolve: hold } = Promise.withResolvers<'held'>();
    const flight: Flight = { leader, landed: promise, held, read: 0, begun: false, riders: new Set() };
    this.#flights.set(key, flight);
    const aboard: Spending = {
      ...leader,
      riders: () => ridersOf(flight),
      sent() {
        flight.begun = true;
        leader.sent();
      },
      queued: () => {
        this.#land(key, flight);
        hold('held');
        leader.queued?.();
      },
      take(count) {
        flight.read += count;
        for (const rider of flight.riders) rider.overhear(flight.read);
        leader.take(count);
      },
    };
    try {
      const value = await work(aboard);
      this.#land(key, flight);
      resolve({ value });
      return value;
    } catch (error) {
      this.#land(key, flight);
      resolve({ error });
      throw error;
    }
  }

  #land(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

/** A flight's work may wait for another flight: those who wait for the first wait for both. */
function* ridersOf({ riders, leader }: Flight): Iterable<object> {
  if (leader.riders !== undefined) yield* leader.riders();
  for (const { spending } of riders) {
    yield spending.review;
    if (spending.riders !== undefined) yield* spending.riders();
  }
}

/** Work whose time is over, and that did not end with it, is no longer waited for. */
function isWorthIt(leader: Deadline, joiner: Deadline): boolean {
  const left = leader.remaining();
  return left > 0 && left >= nearlyAll * joiner.remaining();
}

async function waitFor(flight: Flight, spending: Spending, overhear: (read: number) => void): Promise<Landed | 'held'> {
  const rider: Rider = { spending, overhear };
  // What its own review reads is counted there.
  if (spending.review !== flight.leader.review) {
    overhear(flight.read);
    flight.riders.add(rider);
  }
  try {
    return await inTime(Promise.race([flight.landed, flight.held]), spending.deadline, late);
  } finally {
    flight.riders.delete(rider);
  }
}

const late = () =>
  new Refusal('deadline', 'another review was asking for the same image, and the time ended before it had an answer');
