import { Malformed } from '../evidence/malformed.ts';
import { predicateOf } from '../evidence/predicate.ts';
import type { Json } from '../expression/value.ts';
import type { Testimony } from '../ledger/verification.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import type { VerifiedStatement } from '../verify/outcome.ts';
import type { ReviewPredicates } from './predicates.ts';

/** What a statement that was let through says. */
export interface ReadStatement {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly predicate: Json;
  readonly by: readonly Testimony[];
}

/** Bytes of a predicate that are at hand, by the hash. */
export type PredicatesAtHand = (hash: string) => Uint8Array | undefined;

/**
 * Throws Refusal: `condition-error` for a statement of which nobody can say what it states, `review-too-large` where the review's
 * statements say too much. What is at hand may have been parsed before.
 */
export function* readStatementsInSlices(
  statements: readonly VerifiedStatement[],
  predicates: ReviewPredicates,
  atHand: PredicatesAtHand,
): Slices<readonly ReadStatement[]> {
  const read: ReadStatement[] = [];
  for (const [index, { signed, by }] of statements.entries()) {
    try {
      const { bytes, hash } = yield* predicateOf({ signed });
      read.push({ hash, bytes, predicate: yield* predicates.read(hash, atHand(hash) ?? bytes), by });
    } catch (thrown) {
      if (!(thrown instanceof Malformed)) throw thrown;
      throw new Refusal('condition-error', `statement ${index + 1} of ${statements.length}: ${thrown.message}`);
    }
    yield;
  }
  return read;
}

/** Reads predicates that the ledger had. One that does not parse, or is more than the review may read, is left out. */
export function* readPredicatesInSlices(
  hashes: readonly string[],
  predicates: ReviewPredicates,
  atHand: PredicatesAtHand,
): Slices<void> {
  for (const hash of hashes) {
    const bytes = atHand(hash);
    if (bytes === undefined) continue;
    try {
      yield* predicates.read(hash, bytes);
    } catch (thrown) {
      if (!(thrown instanceof Malformed || thrown instanceof Refusal)) throw thrown;
    }
  }
}
