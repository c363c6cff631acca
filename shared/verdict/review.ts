import type { Shortage } from '../admission/budget.ts';
import type { Ledger, Session } from '../ledger/ledger.ts';
import type { Deadline } from '../net/deadline.ts';
import type { Hosts } from '../plan/hosts.ts';
import { byteBudget } from '../registry/allowance.ts';
import { ReviewPredicates } from './predicates.ts';

/** What is one for all requests of a review, whichever step sends them. It is the review where those wait in turns. */
export interface Review {
  readonly session: Session;
  readonly hosts: Hosts;
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage: Shortage | undefined;
  readonly deadline: Deadline;
  /** Milliseconds that the review had when it began. */
  readonly budget: number;
  /** Takes bytes from what the review may fetch; throws Refusal `review-too-large`. */
  take(count: number): void;
  /** What is attested, as far as it was read: made for the first who asks. */
  predicates(): ReviewPredicates;
}

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
  let predicates: ReviewPredicates | undefined;
  return {
    session: ledger.begin(deadline),
    hosts,
    shortage,
    deadline,
    budget: deadline.remaining(),
    take: byteBudget(bytes),
    predicates() {
      predicates ??= new ReviewPredicates();
      return predicates;
    },
  };
}
