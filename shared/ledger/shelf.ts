import { LRUCache } from 'lru-cache';
import { maxTtlMs } from './settings.ts';

interface Kept {
  readonly bytes: Uint8Array;
  /** Milliseconds: until when the table is known to have it. */
  storedUntil: number;
  /** Milliseconds: until when a session of this instance is taken to be writing it. */
  claimedUntil: number;
}

const maxBytes = 64 * 1024 * 1024;
/**
 * Bytes for each of a predicate's: itself, and what is made of it where it is read, which lives as long. Parsed, a list of packages
 * takes 1.3, a provenance 1.8.
 */
const perByte = 4;
/** Milliseconds: longer than a review lasts. */
const claimMs = 30_000;

/** The predicates that this instance has in memory, by hash: the least recently used give way, by number and at 64 MB. */
export class PredicateShelf {
  readonly #kept: LRUCache<string, Kept>;
  /** With what gave way and some review still holds: reviews that read it again hold the same, however many they are. */
  readonly #held = new Map<string, WeakRef<Uint8Array>>();
  readonly #freed = new FinalizationRegistry((hash: string) => {
    if (this.#held.get(hash)?.deref() === undefined) this.#held.delete(hash);
  });

  constructor(maxSize: number) {
    this.#kept = new LRUCache({
      max: maxSize,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => perByte * bytes.length + 1000,
    });
  }

  /** The same object as long as it is here, so that what is made of it can be kept by it, in a WeakMap. */
  get(hash: string): Uint8Array | undefined {
    return this.#kept.get(hash)?.bytes;
  }

  /** Keeps a copy, since the bytes may be part of a larger piece, and gives what is kept. They must have the hash. */
  put(hash: string, bytes: Uint8Array): Uint8Array {
    const known = this.#kept.get(hash);
    if (known !== undefined) return known.bytes;
    const held = this.#held.get(hash)?.deref() ?? this.#copy(hash, bytes);
    this.#kept.set(hash, { bytes: held, storedUntil: 0, claimedUntil: 0 });
    return held;
  }

  #copy(hash: string, bytes: Uint8Array): Uint8Array {
    const copy = new Uint8Array(bytes);
    this.#held.set(hash, new WeakRef(copy));
    this.#freed.register(copy, hash);
    return copy;
  }

  /** The table has it until then, in milliseconds. */
  stored(hash: string, until: number): void {
    const kept = this.#kept.get(hash);
    if (kept !== undefined) kept.storedUntil = until;
  }

  /**
   * Whether the caller is to write it: unless the table has it for as long as a verification can live from now, or another
   * session is about to write it. Many reviews may find the same at the same time.
   */
  claim(hash: string, now: number): boolean {
    const kept = this.#kept.get(hash);
    if (kept === undefined) return true;
    if (kept.storedUntil >= now + maxTtlMs || kept.claimedUntil > now) return false;
    kept.claimedUntil = now + claimMs;
    return true;
  }
}
