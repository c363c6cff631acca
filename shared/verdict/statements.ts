import { Malformed } from '../evidence/malformed.ts';
import { predicateOf, readPredicate } from '../evidence/predicate.ts';
import type { Json } from '../expression/value.ts';
import type { Testimony } from '../ledger/verification.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import type { VerifiedStatement } from '../verify/outcome.ts';

/** What a statement that was let through says. */
export interface ReadStatement {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly predicate: Json;
  readonly by: readonly Testimony[];
}

/** Parsed predicates, for as long as somebody has their bytes: each is parsed once. */
const parsed = new WeakMap<Uint8Array, Json>();

/** Where parsing predicates is paid for, and what has been parsed of them already, by the hash. */
export interface Parsing {
  /** Throws Refusal where there are too many. */
  takeValues(count: number): void;
  parsed?(hash: string): Json | undefined;
}

/** Throws Refusal `condition-error` for a statement of which nobody can say what it states, and what `parsing` throws. */
export function* readStatementsInSlices(
  statements: readonly VerifiedStatement[],
  parsing: Parsing,
): Slices<readonly ReadStatement[]> {
  const read: ReadStatement[] = [];
  for (const [index, { signed, by }] of statements.entries()) {
    try {
      const { bytes, hash } = yield* predicateOf({ signed, claims: [] });
      read.push({ hash, bytes, predicate: parsing.parsed?.(hash) ?? (yield* parse(bytes, parsing)), by });
    } catch (thrown) {
      if (!(thrown instanceof Malformed)) throw thrown;
      throw new Refusal('condition-error', `statement ${index + 1} of ${statements.length}: ${thrown.message}`);
    }
    yield;
  }
  return read;
}

/**
 * Parses predicates that the ledger had, so that `parsedPredicate` knows them. One that does not parse is left out. Throws what `parsing`
 * throws.
 */
export function* parsePredicatesInSlices(predicates: readonly Uint8Array[], parsing: Parsing): Slices<void> {
  for (const bytes of predicates) {
    try {
      yield* parse(bytes, parsing);
    } catch (thrown) {
      if (!(thrown instanceof Malformed)) throw thrown;
    }
  }
}

export function parsedPredicate(bytes: Uint8Array): Json | undefined {
  return parsed.get(bytes);
}

/** Other bytes that are equal hold the same. */
export function knowParsed(bytes: Uint8Array, predicate: Json): void {
  parsed.set(bytes, predicate);
}

function* parse(bytes: Uint8Array, { takeValues }: Parsing): Slices<Json> {
  const before = parsed.get(bytes);
  if (before !== undefined) return before;
  const value = yield* readPredicate(bytes, takeValues);
  // What JSON.parse gives is JSON.
  parsed.set(bytes, value as Json);
  return value as Json;
}
