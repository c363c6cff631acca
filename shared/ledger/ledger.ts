import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { Deadline } from '../net/deadline.ts';
import type { Spending } from '../net/spending.ts';
import type { CredentialsRef } from '../plan/credentials.ts';
import type { AskedBy } from './content.ts';
import type { Holds } from './flights.ts';
import type { Guard } from './generation.ts';
import type { Verification } from './verification.ts';

/** A check as the ledger knows it. */
export interface CheckQuery {
  /** Everything that can change what `verify` answers, the digest apart: the check's own hash and with whose credentials it is read. */
  readonly hash: string;
  /** Every repository that is read for it; the image's own is always one of them, named here or not. */
  readonly repositories: readonly Repository[];
  /** `false`: what it found is neither read nor written, and the tag is resolved at its registry. */
  readonly useCache: boolean;
}

/** An image that a review asks about: by tag until its digest is known. */
export interface Want {
  readonly repository: Repository;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
  /** With which the tag is resolved: where it points for one source is not known for another. */
  readonly credentials: CredentialsRef;
  readonly checks: readonly CheckQuery[];
}

/** What work in flight depends on: a repository, a digest in it, or where a tag of it points. */
export interface ShareGuard extends Guard {
  readonly tag?: string | undefined;
}

/**
 * Which digest a tag names and what a check found at a digest, unless a change has been announced since.
 *
 * Promise: once a change has been announced (`renew` has returned), a session begun afterwards never relies on what was read
 * from the registry before that change.
 */
export interface Ledger {
  /** One session a review. It reads each generation once, before whatever that generation guards is fetched. */
  begin(deadline: Deadline): Session;
  /** Announces a change: forgets what was read under the guard so far. Rejects where the table could not be written. */
  renew(repository: Repository, digest?: Digest): Promise<void>;
}

/**
 * In order: `guard` where something is fetched before all else, `point`, resolve what `pointer` does not know, `lookUp`, `predicates`, fetch what `verification` or `predicate` does not
 * know, record, `flush`.
 * Nothing here throws over the table: a table that fails is a miss and a metric.
 */
export interface Session {
  /**
   * Reads the generations of repositories that are asked for something before the review's images are known: work about them may then be
   * shared, and where a tag points recorded. `undefined`: done at once.
   */
  guard(repositories: readonly Repository[]): Promise<void> | undefined;
  /** First read: repositories' generations, pointers, and what digests already known need. `undefined`: done at once. */
  point(wants: readonly Want[]): Promise<void> | undefined;
  /** The digest that the tag names, where the ledger knows. */
  pointer(repository: Repository, tag: string, credentials: CredentialsRef): Digest | undefined;
  /** Second read: what the digests just learned need; wants without a digest are passed over. `undefined`: done at once. */
  lookUp(wants: readonly Want[]): Promise<void> | undefined;
  verification(repository: Repository, digest: Digest, check: CheckQuery): Verification | undefined;
  /** Kept only for a tag that was asked about in `point`, so that the generation was read before the tag was resolved. */
  recordPointer(repository: Repository, tag: string, credentials: CredentialsRef, digest: Digest): void;
  /** Kept only where every guard was read in `point` or `lookUp`; the evidence must have been fetched after that. */
  recordVerification(
    repository: Repository,
    digest: Digest,
    check: CheckQuery,
    verification: Verification,
    askedBy: AskedBy,
  ): void;
  /**
   * Third read: the predicates that conditions need, by their hashes, of verifications that the ledger knew. `undefined`: memory
   * has them all. Asked for together: each call is a read.
   */
  predicates(hashes: readonly string[]): Promise<void> | undefined;
  /**
   * What `predicates` found, or what was recorded; `undefined`: its statement has to be fetched and verified once more. An instance
   * gives the same object for as long as it has it in memory, so that what is made of it can be kept with it (WeakMap): memory
   * counts three bytes for that beside each of its own.
   */
  predicate(hash: string): Uint8Array | undefined;
  /** The predicate of a statement that was let through for the check. `hash`: SHA-256, hex, of the bytes, which are copied. */
  recordPredicate(hash: string, bytes: Uint8Array, check: CheckQuery): void;
  /**
   * Work in flight, shared only with those who read the same generations; where one is unknown, `work` runs unshared. `name`
   * stands for one kind of work and all its arguments, the credentials among them. The work spends by what it is given, so
   * that nobody waits for work that has to wait for its turn, and those who wait know what was read. `holds`: whether a value is
   * good for a review that waited for it, too. A joiner waits no longer than its own deadline (Refusal `deadline`).
   */
  share<T>(
    name: string,
    guardedBy: readonly ShareGuard[],
    spending: Spending,
    work: (spending: Spending) => Promise<T>,
    holds?: Holds<T>,
  ): Promise<T>;
  /** Writes what was recorded; at most 150 ms. `undefined`: there was nothing to wait for. */
  flush(): Promise<void> | undefined;
}
