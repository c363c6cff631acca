import type { Refusal } from '../reasons.ts';
import type { Spending } from './spending.ts';

/** Gives a permit back; a second call does nothing. */
export type Release = () => void;

export interface TurnsSettings {
  /** Requests under way at a time: to one origin, and to all of them. */
  readonly perOrigin: number;
  readonly permits: number;
}

export interface Turns {
  /**
   * A permit for one request to an origin: at once where one is free, else a promise of it. The promise rejects with
   * `late()` when the deadline's signal aborts first.
   */
  take(origin: string, spending: Waiting, late: () => Refusal): Release | Promise<Release>;
}

type Waiting = Pick<Spending, 'deadline' | 'review' | 'waited' | 'named'>;

interface Origin {
  readonly name: string;
  held: number;
  readonly stands: Map<object, Stand>;
}

/** Whoever gets permits: how many it has, and which turn was its last. */
interface Holder {
  held: number;
  served: number;
}

/** One review, over all origins. */
interface Party extends Holder {
  readonly review: object;
  waiting: number;
  readonly stands: Map<string, Stand>;
}

/** One review at one origin. It exists while it holds a permit or waits for one. */
interface Stand extends Holder {
  readonly origin: Origin;
  readonly party: Party;
  /** Of a host that the rules or the settings name. */
  readonly named: boolean;
  readonly waiting: Set<Waiter>;
}

interface Waiter {
  readonly stand: Stand;
  readonly queue: Queue;
  give(release: Release): void;
  end(): void;
}

/** Those who wait with one signal share its listener: adding one costs as much as there are. */
interface Queue {
  readonly signal: AbortSignal;
  readonly waiters: Set<Waiter>;
  readonly timeEnded: () => void;
}

/**
 * Shares the permits for requests between reviews, so that one with hundreds of them does not keep its neighbours waiting.
 * Of those that wait, the review with the fewest permits gets the next one; among equals they take turns. Alone, a review
 * may have all of an origin's permits. Of the permits in all it has at most as many as are left over: hosts that never answer
 * hold their permits until the time ends, and some must be left for whoever comes next. Hosts that nobody named but an image's
 * author have half of the permits together, so that those who ask a named one never wait for them.
 *
 * Between two calls nobody waits who could be given a permit; so whoever finds one free overtakes nobody.
 */
export function createTurns({ permits, perOrigin }: TurnsSettings): Turns {
  const origins = new Map<string, Origin>();
  const parties = new Map<object, Party>();
  const queues = new Map<AbortSignal, Queue>();
  let held = 0;
  let heldUnnamed = 0;
  let waiting = 0;
  let turn = 0;

  function standOf(name: string, review: object, named: boolean): Stand {
    const origin = origins.get(name) ?? { name, held: 0, stands: new Map() };
    const known = origin.stands.get(review);
    if (known !== undefined) return known;
    const party = parties.get(review) ?? { review, held: 0, served: 0, waiting: 0, stands: new Map() };
    const stand: Stand = { origin, party, named, held: 0, served: 0, waiting: new Set() };
    origins.set(name, origin);
    parties.set(review, party);
    origin.stands.set(review, stand);
    party.stands.set(name, stand);
    return stand;
  }

  function forgetUnused(stand: Stand): void {
    const { origin, party } = stand;
    if (stand.held > 0 || stand.waiting.size > 0) return;
    origin.stands.delete(party.review);
    party.stands.delete(origin.name);
    if (origin.stands.size === 0) origins.delete(origin.name);
    if (party.stands.size === 0) parties.delete(party.review);
  }

  const hasShare = (party: Party) => party.held < permits - held;
  const isOpen = ({ origin, named }: Stand) => origin.held < perOrigin && (named || heldUnnamed < permits / 2);

  function grant(stand: Stand): Release {
    const { origin, party } = stand;
    held++;
    if (!stand.named) heldUnnamed++;
    origin.held++;
    party.held++;
    stand.held++;
    turn++;
    party.served = turn;
    stand.served = turn;
    let given = true;
    return () => {
      if (!given) return;
      given = false;
      held--;
      if (!stand.named) heldUnnamed--;
      origin.held--;
      party.held--;
      stand.held--;
      forgetUnused(stand);
      if (waiting > 0) handOn();
    };
  }

  /** Gives what is free to those who wait. */
  function handOn(): void {
    for (let stand = next(); stand !== undefined; stand = next()) {
      const [waiter] = stand.waiting;
      if (waiter === undefined) return;
      leave(waiter);
      waiter.give(grant(stand));
    }
  }

  /** Of the reviews that could be given a permit the first; of its origins the one whose turn was longest ago. */
  function next(): Stand | undefined {
    let best: Stand | undefined;
    for (const party of parties.values()) {
      if (party.waiting === 0 || !hasShare(party) || (best !== undefined && !isBefore(party, best.party))) continue;
      let open: Stand | undefined;
      for (const stand of party.stands.values()) {
        const first = open === undefined || stand.served < open.served;
        if (first && stand.waiting.size > 0 && isOpen(stand)) open = stand;
      }
      best = open ?? best;
    }
    return best && firstAt(best);
  }

  /** Of the reviews that wait at an origin the first, by the permits that they have there. */
  function firstAt(best: Stand): Stand {
    let first = best;
    for (const stand of best.origin.stands.values()) {
      if (stand.waiting.size > 0 && isOpen(stand) && hasShare(stand.party) && isBefore(stand, first)) first = stand;
    }
    return first;
  }

  function queueOf(signal: AbortSignal): Queue {
    const known = queues.get(signal);
    if (known !== undefined) return known;
    const waiters = new Set<Waiter>();
    const timeEnded = () => {
      for (const waiter of waiters) {
        leave(waiter);
        forgetUnused(waiter.stand);
        waiter.end();
      }
    };
    const queue = { signal, waiters, timeEnded };
    queues.set(signal, queue);
    signal.addEventListener('abort', timeEnded, { once: true });
    return queue;
  }

  function join(waiter: Waiter): void {
    waiting++;
    waiter.stand.party.waiting++;
    waiter.stand.waiting.add(waiter);
    waiter.queue.waiters.add(waiter);
  }

  function leave(waiter: Waiter): void {
    const { stand, queue } = waiter;
    waiting--;
    stand.party.waiting--;
    stand.waiting.delete(waiter);
    queue.waiters.delete(waiter);
    if (queue.waiters.size > 0) return;
    queues.delete(queue.signal);
    queue.signal.removeEventListener('abort', queue.timeEnded);
  }

  return {
    take(name, { deadline, review, waited, named = true }, late) {
      const stand = standOf(name, review, named);
      const { party } = stand;
      const [open, share] = [isOpen(stand), hasShare(party)];
      if (open && share) return grant(stand);
      const { signal } = deadline;
      if (signal.aborted) {
        forgetUnused(stand);
        return Promise.reject(late());
      }
      const behindItsOwn = (!open && stand.held + stand.waiting.size > 0) || (!share && party.held + party.waiting > 0);
      if (behindItsOwn) waited();
      return new Promise((resolve, reject) => {
        join({ stand, queue: queueOf(signal), give: resolve, end: () => reject(late()) });
      });
    },
  };
}

function isBefore(a: Holder, b: Holder): boolean {
  return a.held < b.held || (a.held === b.held && a.served < b.served);
}
