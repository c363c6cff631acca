import type { Shortage } from '../admission/budget.ts';
import type { Ledger, Session } from '../ledger/ledger.ts';
import type { Deadline } from '../net/deadline.ts';
import type { Hosts } from '../plan/hosts.ts';
import { Refusal } from '../reasons.ts';
import { byteBudget } from '../registry/allowance.ts';

/** What is one for all requests of a review, whichever step sends them. It is the review where those wait in turns. */
export interface Review {
  readonly session: Session;
  readonly hosts: Hosts;
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage: Shortage | undefined;
  /** Milliseconds that the review had when it began. */
  readonly budget: number;
  /** Takes bytes from what the review may fetch; throws Refusal `review-too-large`. */
  take(count: number): void;
  /** Takes values from what may be parsed of all that is attested; throws Refusal `review-too-large`. */
  takeValues(count: number): void;
}

/**
 * Values of predicates that one review may parse, since all of them are held until it has been weighed. With a name of their own each takes
 * 240 bytes.
 */
const reviewValues = 1_000_000;

export interface ReviewTerms {
  readonly ledger: Ledger;
  readonly hosts: Hosts;
  readonly deadline: Deadline;
  readonly shortage?: Shortage | undefined;
  /** Bytes that it may fetch; 64 MiB by default. */
  readonly bytes?: number | undefined;
}

/** Begins a review. Nothing is read for it yet. */
export function beginReview({ ledger, hosts, deadline, shortage, bytes }: ReviewTerms): Review {
  return {
    session: ledger.begin(deadline),
    hosts,
    shortage,
    budget: deadline.remaining(),
    take: byteBudget(bytes),
    takeValues: valueBudget(),
  };
}

function valueBudget(): (count: number) => void {
  let left = reviewValues;
  return (count) => {
    left -= count;
    if (left >= 0) return;
    throw new Refusal('review-too-large', `what is attested of this review's images holds over ${reviewValues} values`);
  };
}
