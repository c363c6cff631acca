import type { Deadline } from '../net/deadline.ts';
import { inTime } from '../net/in-time.ts';
import { isOnesOwn, Refusal } from '../reasons.ts';

interface Flight {
  readonly leader: Deadline;
  readonly landed: Promise<Landed>;
  /** Resolves when the leader has to wait for its turn: those who joined may have theirs before. */
  readonly held: Promise<'held'>;
}

type Landed = { readonly value: unknown } | { readonly error: unknown };

/** Work in flight by key, so that those who ask for the same at the same time wait for one answer. */
export class Flights {
  readonly #flights = new Map<string, Flight>();

  /**
   * The first to ask leads: its call does the work. Others wait, no longer than their own deadline (Refusal `deadline`). A joiner
   * does not inherit what was the leader's own trouble, its deadline or its allowance of bytes, nor an answer that
   * `holds` turns down: it starts over, and leads unless another already does. Nothing is kept once it has landed.
   *
   * Work that has to wait for its turn says so by `heldUp`: then nobody waits for it any longer, and each of the joiners starts
   * over. Whoever names an image last among hundreds would have those wait who name it alone.
   */
  async share<T>(
    key: string,
    deadline: Deadline,
    work: (heldUp: () => void) => Promise<T>,
    holds: (value: T) => boolean,
  ): Promise<T> {
    for (;;) {
      const flight = this.#flights.get(key);
      // Work whose time is over, and that did not end with it, is no longer waited for.
      if (flight === undefined || flight.leader.remaining() === 0) return this.#lead(key, deadline, work);
      const landed = await inTime(Promise.race([flight.landed, flight.held]), deadline, late);
      if (landed === 'held') continue;
      if (flight.leader.remaining() === 0) continue;
      if ('error' in landed) {
        if (landed.error instanceof Refusal && isOnesOwn(landed.error)) continue;
        throw landed.error;
      }
      // One key stands for one kind of work, so the value is of the type that this caller's work would give.
      const value = landed.value as T;
      if (holds(value)) return value;
    }
  }

  async #lead<T>(key: string, leader: Deadline, work: (heldUp: () => void) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<Landed>();
    const { promise: held, resolve: hold } = Promise.withResolvers<'held'>();
    const flight = { leader, landed: promise, held };
    this.#flights.set(key, flight);
    const heldUp = () => {
      this.#land(key, flight);
      hold('held');
    };
    try {
      const value = await work(heldUp);
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

const late = () =>
  new Refusal('deadline', 'another review was asking for the same image, and the time ended before it had an answer');
