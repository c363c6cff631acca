import type { Refusal } from '../reasons.ts';
import type { Spending } from './spending.ts';

/** Right to have one request under way. */
export interface Permit {
  /** The answer has begun; its body is still to come. */
  answered(): void;
  /** Gives it back; a second call does nothing. */
  release(): void;
}

export interface TurnsSettings {
  /** Requests under way at a time: to one origin, and to all of them. */
  readonly perOrigin: number;
  readonly permits: number;
}

export interface Turns {
  /**
   * A permit for one request to an origin: at once where one is free, else a promise of it. The promise rejects with
   * `late()` when the deadline's signal aborts first. `large`: its body takes long, so that it is one of few.
   */
  take(origin: string, spending: Waiting, late: () => Refusal, large?: boolean): Permit | Promise<Permit>;
}

type Waiting = Pick<Spending, 'deadline' | 'review' | 'waited' | 'named' | 'crowded'>;

/** What has been answered at one origin, or at all of them: so far, and of that what is still being read. */
interface Answers {
  answers: number;
  reading: number;
}

interface Origin extends Answers {
  readonly name: string;
  held: number;
  /** Of those the ones for large bodies. */
  large: number;
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
  large: number;
  readonly waiting: Set<Waiter>;
  /** Those for large bodies. */
  readonly waitingLarge: Set<Waiter>;
}

interface Waiter {
  readonly stand: Stand;
  readonly queue: Queue;
  readonly large: boolean;
  /** It waits no longer: it has its permit, or its time has ended. */
  over(): void;
  give(permit: Permit): void;
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
 * hold their permits until the time ends, and some must be left for whoever comes next. Of large bodies, which hold theirs for as long
 * as the line takes, few are under way to one origin, and fewer of one review: the rest of the permits come back soon. Hosts that nobody named but an image's
 * author have half of the permits together, so that those who ask a named one never wait for them.
 *
 * Between two calls nobody waits who could be given a permit; so whoever finds one free overtakes nobody.
 */
export function createTurns({ permits, perOrigin }: TurnsSettings): Turns {
  const origins = new Map<string, Origin>();
  const parties = new Map<object, Party>();
  const queues = new Map<AbortSignal, Queue>();
  const largeOfAll = Math.max(1, Math.floor(perOrigin / 2));
  const largeOfOne = Math.max(1, Math.floor(perOrigin / 5));
  const everywhere: Answers = { answers: 0, reading: 0 };
  let held = 0;
  let heldUnnamed = 0;
  let waiting = 0;
  let turn = 0;

  function standOf(name: string, review: object, named: boolean): Stand {
    const origin = origins.get(name) ?? { name, held: 0, large: 0, answers: 0, reading: 0, stands: new Map() };
    const known = origin.stands.get(review);
    if (known !== undefined) return known;
    const party = parties.get(review) ?? { review, held: 0, served: 0, waiting: 0, stands: new Map() };
    const waiters = { waiting: new Set<Waiter>(), waitingLarge: new Set<Waiter>() };
    const stand: Stand = { origin, party, named, held: 0, served: 0, large: 0, ...waiters };
    origins.set(name, origin);
    parties.set(review, party);
    origin.stands.set(review, stand);
    party.stands.set(name, stand);
    return stand;
  }

  function forgetUnused(stand: Stand): void {
    const { origin, party } = stand;
    if (stand.held > 0 || waitingAt(stand) > 0) return;
    origin.stands.delete(party.review);
    party.stands.delete(origin.name);
    if (origin.stands.size === 0) origins.delete(origin.name);
    if (party.stands.size === 0) parties.delete(party.review);
  }

  const hasShare = (party: Party) => party.held < permits - held;
  const isOpen = ({ origin, named }: Stand) => origin.held < perOrigin && (named || heldUnnamed < permits / 2);

  const isOpenTo = (stand: Stand, large: boolean) =>
    isOpen(stand) && (!large || (stand.large < largeOfOne && stand.origin.large < largeOfAll));

  /** Who of a review may be given a permit at an origin. */
  function firstOf(stand: Stand): Waiter | undefined {
    const [small] = stand.waiting;
    if (small !== undefined && isOpenTo(stand, false)) return small;
    const [large] = stand.waitingLarge;
    return large !== undefined && isOpenTo(stand, true) ? large : undefined;
  }

  function grant(stand: Stand, large: boolean): Permit {
    const { origin, party } = stand;
    held++;
    if (!stand.named) heldUnnamed++;
    origin.held++;
    party.held++;
    stand.held++;
    if (large) origin.large++;
    if (large) stand.large++;
    turn++;
    party.served = turn;
    stand.served = turn;
    let given = true;
    let reading = false;
    return {
      answered() {
        if (!given || reading) return;
        reading = true;
        for (const each of [origin, everywhere]) {
          each.answers++;
          each.reading++;
        }
      },
      release() {
        if (!given) return;
        given = false;
        held--;
        if (!stand.named) heldUnnamed--;
        origin.held--;
        party.held--;
        stand.held--;
        if (large) origin.large--;
        if (large) stand.large--;
        if (reading) for (const each of [origin, everywhere]) each.reading--;
        forgetUnused(stand);
        if (waiting > 0) handOn();
      },
    };
  }

  /** Gives what is free to those who wait. */
  function handOn(): void {
    for (let stand = next(); stand !== undefined; stand = next()) {
      const waiter = firstOf(stand);
      if (waiter === undefined) return;
      leave(waiter);
      waiter.give(grant(stand, waiter.large));
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
        if (first && firstOf(stand) !== undefined) open = stand;
      }
      best = open ?? best;
    }
    return best && firstAt(best);
  }

  /** Of the reviews that wait at an origin the first, by the permits that they have there. */
  function firstAt(best: Stand): Stand {
    let first = best;
    for (const stand of best.origin.stands.values()) {
      if (isBefore(stand, first) && hasShare(stand.party) && firstOf(stand) !== undefined) first = stand;
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
    queueAt(waiter).add(waiter);
    waiter.queue.waiters.add(waiter);
  }

  function leave(waiter: Waiter): void {
    const { stand, queue } = waiter;
    waiting--;
    stand.party.waiting--;
    queueAt(waiter).delete(waiter);
    queue.waiters.delete(waiter);
    waiter.over();
    if (queue.waiters.size > 0) return;
    queues.delete(queue.signal);
    queue.signal.removeEventListener('abort', queue.timeEnded);
  }

  return {
    take(name, { deadline, review, waited, named = true, crowded }, late, large = false) {
      const stand = standOf(name, review, named);
      const { party, origin } = stand;
      const [open, share] = [isOpenTo(stand, large), hasShare(party)];
      if (open && share) return grant(stand, large);
      const { signal } = deadline;
      if (signal.aborted) {
        forgetUnused(stand);
        return Promise.reject(late());
      }
      const behindItsOwn = (!open && stand.held + waitingAt(stand) > 0) || (!share && party.held + party.waiting > 0);
      if (behindItsOwn) waited();
      const behindOthers = open ? held > party.held : origin.held > stand.held;
      const by = open ? everywhere : origin;
      const overBefore = by.answers - by.reading;
      const left = deadline.remaining();
      const over = () => {
        // Where nothing was answered meanwhile it was the origin that was waited for, by all of them.
        if (behindOthers && by.answers > overBefore) crowded?.(left - deadline.remaining());
      };
      return new Promise((resolve, reject) => {
        join({ stand, queue: queueOf(signal), large, over, give: resolve, end: () => reject(late()) });
      });
    },
  };
}

function queueAt({ stand, large }: Waiter): Set<Waiter> {
  return large ? stand.waitingLarge : stand.waiting;
}

function waitingAt({ waiting, waitingLarge }: Stand): number {
  return waiting.size + waitingLarge.size;
}

function isBefore(a: Holder, b: Holder): boolean {
  return a.held < b.held || (a.held === b.held && a.served < b.served);
}
