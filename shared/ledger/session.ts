import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { Deadline } from '../net/deadline.ts';
import { isPromise } from '../net/in-time.ts';
import type { Spending } from '../net/spending.ts';
import type { CredentialsRef } from '../plan/credentials.ts';
import { callTable, readLimit, writeLimit } from './call.ts';
import { type AskedBy, type Pointer, pointerText, type Remembered, verificationText } from './content.ts';
import type { Holds } from './flights.ts';
import { absent, pushKeepsRepository } from './generation.ts';
import type { RepositoryKeys, VerificationKey } from './keys.ts';
import type { CheckQuery, Session, ShareGuard, Want } from './ledger.ts';
import { SessionPredicates } from './predicates.ts';
import type { Store } from './store.ts';
import type { Item, Key, ReadItem, ReadResult, StoredItem } from './table.ts';
import type { Verification } from './verification.ts';

/** Keys a read; DynamoDB's BatchGetItem takes no more. */
const chunkSize = 100;

/** One review's way through the protocol (ledger.ts tells its promise). Every map is by the key's text. */
export class LedgerSession implements Session {
  readonly #store: Store;
  readonly #deadline: Deadline;
  /** By pk. `undefined`: asked for and not, or not yet, told. A generation is asked for once, so what it says is never too new. */
  readonly #generations = new Map<string, string | undefined>();
  /** By pk, from the time that the tag was asked about. */
  readonly #pointers = new Map<string, Pointer | undefined>();
  readonly #verifications = new Map<string, Remembered>();
  /** Verifications that were asked of the table, by their ids. */
  #asked: Set<string> | undefined;
  #writes: Map<string, Item> | undefined;
  #predicates: SessionPredicates | undefined;

  constructor(store: Store, deadline: Deadline) {
    this.#store = store;
    this.#deadline = deadline;
  }

  guard(repositories: readonly Repository[]): Promise<void> | undefined {
    if (!this.#store.settings.enabled) return undefined;
    const keys: Key[] = [];
    for (const repository of repositories)
      this.#wantGeneration(this.#store.keys.repository(repository).generation, keys);
    return this.#read(keys);
  }

  point(wants: readonly Want[]): Promise<void> | undefined {
    if (!this.#store.settings.enabled) return undefined;
    const keys: Key[] = [];
    for (const want of wants) {
      if (want.digest === undefined) this.#wantPointer(want, keys);
      this.#wantChecks(want, keys);
    }
    return this.#read(keys);
  }

  lookUp(wants: readonly Want[]): Promise<void> | undefined {
    if (!this.#store.settings.enabled) return undefined;
    const keys: Key[] = [];
    for (const want of wants) if (want.digest !== undefined) this.#wantChecks(want, keys);
    return this.#read(keys);
  }

  pointer(repository: Repository, tag: string, credentials: CredentialsRef): Digest | undefined {
    const keys = this.#store.keys.repository(repository);
    const pointer = this.#pointers.get(keys.pointer(tag, credentials).pk);
    if (pointer === undefined || this.#store.clock() >= pointer.expiresAt) return undefined;
    return this.#generations.get(keys.generation.pk) === pointer.generation ? pointer.digest : undefined;
  }

  verification(repository: Repository, digest: Digest, check: CheckQuery): Verification | undefined {
    if (!check.useCache) return undefined;
    const { keys } = this.#store;
    const key = keys.verification(keys.repository(repository).digest(digest), check.hash);
    const content = this.#verifications.get(key.id);
    if (content === undefined || this.#store.clock() >= content.expiresAt) return undefined;
    if (!this.#guards(content, repository, digest)) return undefined;
    for (const one of check.repositories) if (!this.#guards(content, one, digest)) return undefined;
    for (const [pk, generation] of content.generations) if (this.#generations.get(pk) !== generation) return undefined;
    return content.verification;
  }

  predicates(hashes: readonly string[]): Promise<void> | undefined {
    if (hashes.length === 0 || !this.#store.settings.enabled) return undefined;
    this.#predicates ??= new SessionPredicates(this.#store, this.#deadline);
    return this.#predicates.read(hashes);
  }

  predicate(hash: string): Uint8Array | undefined {
    return this.#predicates?.get(hash);
  }

  recordPointer(repository: Repository, tag: string, credentials: CredentialsRef, digest: Digest): void {
    const keys = this.#store.keys.repository(repository);
    const key = keys.pointer(tag, credentials);
    const generation = this.#generations.get(keys.generation.pk);
    if (generation === undefined || !this.#pointers.has(key.pk)) return;
    const expiresAt = Math.floor(this.#store.clock() + this.#store.pointerLife(repository));
    const pointer = { digest, generation, expiresAt };
    this.#write(this.#store.sealPointer(key, pointer, pointerText(pointer)));
  }

  recordVerification(
    repository: Repository,
    digest: Digest,
    check: CheckQuery,
    verification: Verification,
    askedBy: AskedBy,
  ): void {
    if (!check.useCache || verification.digest !== digest) return;
    const generations = new Map<string, string>();
    for (const one of [repository, ...check.repositories]) {
      const keys = this.#store.keys.repository(one);
      for (const { pk } of [keys.generation, keys.digest(digest).generation]) {
        const generation = this.#generations.get(pk);
        if (generation === undefined) return;
        generations.set(pk, generation);
      }
    }
    const now = this.#store.clock();
    const { validUntil = Number.POSITIVE_INFINITY } = verification;
    const expiresAt = Math.floor(Math.min(now + this.#store.settings.ttlMs, validUntil));
    if (expiresAt <= now) return;
    const { keys } = this.#store;
    const key = keys.verification(keys.repository(repository).digest(digest), check.hash);
    const content = { verification, generations, expiresAt, askedBy };
    this.#write(this.#store.sealVerification(key, content, verificationText(content)));
  }

  recordPredicate(hash: string, bytes: Uint8Array, check: CheckQuery): void {
    if (!check.useCache || !this.#store.settings.enabled) return;
    this.#predicates ??= new SessionPredicates(this.#store, this.#deadline);
    this.#predicates.record(hash, bytes);
  }

  share<T>(
    name: string,
    guardedBy: readonly ShareGuard[],
    spending: Spending,
    work: (spending: Spending) => Promise<T>,
    holds: Holds<T> = () => true,
  ): Promise<T> {
    const key = this.#flightKey(name, guardedBy);
    return key === undefined ? work(spending) : this.#store.flights.share(key, spending, work, holds);
  }

  flush(): Promise<void> | undefined {
    // Apart, so that large predicates do not make the rest late.
    const predicates = this.#predicates?.flush();
    const items = this.#flushItems();
    if (items === undefined || predicates === undefined) return items ?? predicates;
    return Promise.all([items, predicates]).then(() => undefined);
  }

  #flushItems(): Promise<void> | undefined {
    const writes = this.#writes;
    if (writes === undefined) return undefined;
    this.#writes = undefined;
    const { table, metrics } = this.#store;
    const failed = () => metrics.count('ledger-write-failed');
    try {
      const limit = () => writeLimit(this.#deadline);
      const written = callTable(limit, (time) => table.write([...writes.values()], time));
      return isPromise(written) ? written.catch(failed) : undefined;
    } catch {
      failed();
      return undefined;
    }
  }

  #wantPointer({ repository, tag, credentials, checks }: Want, keys: Key[]): void {
    if (tag === undefined || this.#store.settings.tagPointers === 'off' || pushKeepsRepository(tag)) return;
    for (const check of checks) if (!check.useCache) return;
    const named = this.#store.keys.repository(repository);
    const key = named.pointer(tag, credentials);
    if (this.#pointers.has(key.pk)) return;
    this.#wantGeneration(named.generation, keys);
    this.#pointers.set(key.pk, undefined);
    keys.push(key);
  }

  #wantChecks({ repository, digest, checks }: Want, keys: Key[]): void {
    for (const check of checks) {
      if (!check.useCache) continue;
      const own = this.#store.keys.repository(repository);
      this.#wantGuards(own, digest, keys);
      for (const one of check.repositories) this.#wantGuards(this.#store.keys.repository(one), digest, keys);
      if (digest !== undefined)
        this.#wantVerification(this.#store.keys.verification(own.digest(digest), check.hash), keys);
    }
  }

  #wantGuards(guarded: RepositoryKeys, digest: Digest | undefined, keys: Key[]): void {
    this.#wantGeneration(guarded.generation, keys);
    if (digest !== undefined) this.#wantGeneration(guarded.digest(digest).generation, keys);
  }

  #wantGeneration(key: Key, keys: Key[]): void {
    if (this.#generations.has(key.pk)) return;
    this.#generations.set(key.pk, undefined);
    keys.push(key);
  }

  /** Memory saves the read unless a generation that is known already says that the table may hold something newer. */
  #wantVerification(key: VerificationKey, keys: Key[]): void {
    if (this.#asked?.has(key.id)) return;
    const content = this.#store.remembered(key);
    if (content !== undefined && !this.#outdated(content)) {
      this.#verifications.set(key.id, content);
      return;
    }
    this.#asked ??= new Set();
    this.#asked.add(key.id);
    keys.push(key);
  }

  #outdated(content: Remembered): boolean {
    for (const [pk, generation] of content.generations) {
      const current = this.#generations.get(pk);
      if (current !== undefined && current !== generation) return true;
    }
    return this.#store.clock() >= content.expiresAt;
  }

  /** That the content is guarded by this repository and by the digest in it. */
  #guards(content: Remembered, repository: Repository, digest: Digest): boolean {
    const keys = this.#store.keys.repository(repository);
    return content.generations.has(keys.generation.pk) && content.generations.has(keys.digest(digest).generation.pk);
  }

  #read(keys: readonly Key[]): Promise<void> | undefined {
    if (keys.length === 0) return undefined;
    if (keys.length <= chunkSize) return this.#readChunk(keys);
    const pending: (Promise<void> | undefined)[] = [];
    for (let at = 0; at < keys.length; at += chunkSize) pending.push(this.#readChunk(keys.slice(at, at + chunkSize)));
    return Promise.all(pending).then(() => undefined);
  }

  #readChunk(keys: readonly Key[]): Promise<void> | undefined {
    const { table, metrics } = this.#store;
    const failed = () => metrics.count('ledger-read-failed');
    try {
      const limit = () => readLimit(this.#deadline);
      const result = callTable(limit, (time) => table.read(keys, time));
      if (isPromise(result)) return result.then((late) => this.#take(keys, late)).catch(failed);
      this.#take(keys, result);
    } catch {
      failed();
    }
    return undefined;
  }

  #take(keys: readonly Key[], result: ReadResult): void {
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at];
      if (key !== undefined) this.#takeOne(key, result[at] ?? 'unprocessed');
    }
  }

  #takeOne(key: Key | VerificationKey, found: ReadItem): void {
    if (found === 'unprocessed') this.#store.metrics.count('ledger-unprocessed');
    else if (key.sk === 'gen') this.#generations.set(key.pk, found === 'absent' ? absent : this.#generationIn(found));
    else if (found === 'absent') return;
    else if ('id' in key) {
      const content = this.#store.openVerification(key, found);
      if (content !== undefined) this.#verifications.set(key.id, content);
    } else this.#pointers.set(key.pk, this.#store.openPointer(key, found));
  }

  /** A generation is any short text. One that is damaged is unknown: nothing is a hit under it, and nothing is stored. */
  #generationIn({ body }: StoredItem): string | undefined {
    if (typeof body === 'string' && body.length > 0 && body.length <= 100) return body;
    this.#store.metrics.count('ledger-item-refused', { item: 'generation', reason: 'malformed' });
    return undefined;
  }

  #flightKey(name: string, guardedBy: readonly ShareGuard[]): string | undefined {
    const parts = [name];
    for (const { repository, digest, tag } of guardedBy) {
      if (tag !== undefined && pushKeepsRepository(tag)) return undefined;
      const keys = this.#store.keys.repository(repository);
      const { pk } = digest === undefined ? keys.generation : keys.digest(digest).generation;
      const generation = this.#generations.get(pk);
      if (generation === undefined) return undefined;
      parts.push(pk, generation);
    }
    return parts.join('\n');
  }

  #write(item: Item | undefined): void {
    if (item === undefined) return;
    this.#writes ??= new Map();
    this.#writes.set(`${item.pk}\n${item.sk}`, item);
  }
}
