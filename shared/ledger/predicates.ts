import type { Deadline } from '../net/deadline.ts';
import { callTable, readLimit, writeLimit } from './call.ts';
import {
  maxPredicateBytes,
  type PredicateKey,
  packPredicate,
  predicateItem,
  predicateKey,
  unpackPredicate,
} from './predicate.ts';
import type { Store } from './store.ts';
import type { Item, ReadItem } from './table.ts';

/** Keys a read: items of 400 KB each stay below the 16 MB that DynamoDB's BatchGetItem answers with. */
const chunkSize = 25;
/** Bytes that a review takes from the table, unpacked: as many as it may read from registries. */
const maxReadBytes = 64 * 1024 * 1024;
/**
 * Bytes that a review writes, packed. DynamoDB counts each KB as a write, so more would use up what a new table takes in a second,
 * and the writes of those that announce changes would wait for it.
 */
const maxWrittenBytes = 2 * 1024 * 1024;

interface Batch {
  readonly items: Item[];
  readonly keys: PredicateKey[];
  bytes: number;
}

/** What one review reads and records of predicates: a part of the session. */
export class SessionPredicates {
  readonly #store: Store;
  readonly #deadline: Deadline;
  /** By hash: what the review relies on stays there, whatever gives way in memory. */
  readonly #held = new Map<string, Uint8Array>();
  #room = maxReadBytes;
  /** Packed one after the other, off the event loop, from when the first was recorded; never rejects. */
  #packing: Promise<Batch> | undefined;

  constructor(store: Store, deadline: Deadline) {
    this.#store = store;
    this.#deadline = deadline;
  }

  get(hash: string): Uint8Array | undefined {
    return this.#held.get(hash);
  }

  /** `undefined`: memory has them all. */
  read(hashes: readonly string[]): Promise<void> | undefined {
    const wanted = new Map<string, PredicateKey>();
    for (const hash of hashes) {
      if (this.#held.has(hash)) continue;
      const bytes = this.#store.shelf.get(hash);
      if (bytes === undefined) wanted.set(hash, predicateKey(hash));
      else this.#held.set(hash, bytes);
    }
    return wanted.size === 0 ? undefined : this.#read([...wanted.values()]);
  }

  /** The bytes must have the hash. */
  record(hash: string, bytes: Uint8Array): void {
    const { shelf, clock } = this.#store;
    if (bytes.length > maxPredicateBytes) {
      this.#refuse('too-large');
      return;
    }
    const kept = shelf.put(hash, bytes);
    this.#held.set(hash, kept);
    if (!shelf.claim(hash, clock())) return;
    const before = this.#packing ?? Promise.resolve({ items: [], keys: [], bytes: 0 });
    this.#packing = before.then((batch) => this.#pack(batch, predicateKey(hash), kept));
  }

  /** Writes what was recorded. `undefined`: there is nothing to write. */
  flush(): Promise<void> | undefined {
    const packing = this.#packing;
    if (packing === undefined) return undefined;
    this.#packing = undefined;
    return this.#write(packing);
  }

  async #read(keys: readonly PredicateKey[]): Promise<void> {
    const { table, metrics } = this.#store;
    try {
      await callTable(
        () => readLimit(this.#deadline),
        async ({ signal }) => {
          for (let at = 0; at < keys.length; at += chunkSize) {
            const chunk = keys.slice(at, at + chunkSize);
            // What is wrong in it has another hash, and what is not there yet is a miss: it need not be the latest.
            const found = await table.read(chunk, { signal, consistent: false });
            for (const [place, key] of chunk.entries()) {
              if (signal.aborted) return;
              await this.#take(key, found[place] ?? 'unprocessed');
            }
          }
        },
      );
    } catch {
      metrics.count('ledger-read-failed');
    }
  }

  async #take({ hash }: PredicateKey, found: ReadItem): Promise<void> {
    const { shelf, metrics } = this.#store;
    if (found === 'absent') return;
    if (found === 'unprocessed' || this.#room <= 0) {
      metrics.count('ledger-unprocessed');
      return;
    }
    const unpacked = await unpackPredicate(hash, found.body);
    if (typeof unpacked === 'string') {
      this.#refuse(unpacked);
      return;
    }
    this.#room -= unpacked.length;
    this.#held.set(hash, shelf.put(hash, unpacked));
    if (typeof found.expiresAt === 'number') shelf.stored(hash, found.expiresAt);
  }

  async #pack(batch: Batch, key: PredicateKey, bytes: Uint8Array): Promise<Batch> {
    const packed = await packPredicate(bytes).catch(() => undefined);
    if (packed === undefined) this.#refuse('too-large');
    else if (batch.bytes + packed.length > maxWrittenBytes) this.#refuse('too-many');
    else {
      batch.bytes += packed.length;
      batch.keys.push(key);
      batch.items.push(predicateItem(key, packed, this.#store.clock()));
    }
    return batch;
  }

  async #write(packing: Promise<Batch>): Promise<void> {
    const { table, metrics, shelf } = this.#store;
    try {
      await callTable(
        () => writeLimit(this.#deadline),
        async ({ signal }) => {
          const { items, keys } = await packing;
          if (items.length === 0 || signal.aborted) return;
          await table.write(items, { signal });
          for (const [at, { hash }] of keys.entries()) shelf.stored(hash, items[at]?.expiresAt ?? 0);
        },
      );
    } catch {
      metrics.count('ledger-write-failed');
    }
  }

  #refuse(reason: string): void {
    this.#store.metrics.count('ledger-item-refused', { item: 'predicate', reason });
  }
}
