import type { Deadline } from './deadline.ts';

/** What a piece of work may use up, shared by all its requests. */
export interface Spending {
  readonly deadline: Deadline;
  /** Takes `count` bytes of bodies; throws Refusal `review-too-large` when nothing is left. */
  take(count: number): void;
  /** Counts one HTTP request, a redirect's included. */
  sent(): void;
  /** Whose request it is: requests wait in turns, one for each review, and so do slices. Compared by identity. */
  readonly review: object;
  /** The other reviews that wait for what comes of it (`ledger/flights.ts`), those that have come by now; absent: none does. */
  readonly riders?: () => Iterable<object>;
  /** The host is named by the rules or the settings; what the others hold together is bounded. Absent: it is. */
  readonly named?: boolean;
  /** Told, before it waits, that a request has to wait while others of the same review are under way or wait before it. */
  waited(): void;
  /** Told that a request has to wait for its turn, whoever is before it. */
  queued?(): void;
  /** Told, when it is over, for how many milliseconds a request waited for those of other reviews, which were being answered. */
  crowded?(milliseconds: number): void;
  /** Told of bytes that another review took of what this one waits for. */
  overheard?(count: number): void;
  /** Asked before a request is tried again, a time that it has room for; absent: it always may. */
  mayRetry?(): boolean;
}
