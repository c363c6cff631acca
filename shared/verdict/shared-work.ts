import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { Holds } from '../ledger/flights.ts';
import type { Session, ShareGuard } from '../ledger/ledger.ts';
import type { Allowance } from '../registry/registry.ts';

/** What one review does at digests: each piece of work once, whichever tags of the review name the digest, and shared with other reviews. */
export class SharedWork {
  readonly #session: Session;
  /** By digest, and by the work's name. */
  readonly #done = new Map<Digest, Map<string, Promise<unknown>>>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Done once by this review, and shared with others that want the same. */
  share<T>(
    digest: Digest,
    name: string,
    guards: readonly ShareGuard[],
    allowance: Allowance,
    work: (aboard: Allowance) => Promise<T>,
    holds?: Holds<T>,
  ): Promise<T> {
    // One name stands for one kind of work, so the value is of the type that this caller's work would give.
    const done = this.#done.get(digest) ?? new Map<string, Promise<unknown>>();
    this.#done.set(digest, done);
    const before = done.get(name) as Promise<T> | undefined;
    if (before !== undefined) return before;
    const doing = this.#session.share(name, guards, allowance, work, holds);
    done.set(name, doing);
    return doing;
  }

  /** What was done at a digest is no longer held. */
  letGo(digest: Digest): void {
    this.#done.delete(digest);
  }
}

/** A repository, and a digest in it, guard what was read of the digest there. */
export function guardsOf(repository: Repository, digest: Digest): readonly ShareGuard[] {
  return [{ repository }, { repository, digest }];
}
