import { LRUCache } from 'lru-cache';
import type { Repository } from '../image/repository.ts';
import type { Clock } from '../net/deadline.ts';
import type { Metrics } from '../net/metrics.ts';
import { type Pointer, parsePointer, parseVerification, type Remembered } from './content.ts';
import { Flights } from './flights.ts';
import { KeyBook, type VerificationKey } from './keys.ts';
import { createSeal, type Seal } from './seal.ts';
import { type LedgerSettings, maxTtlMs } from './settings.ts';
import { PredicateShelf } from './shelf.ts';
import type { Item, Key, StoredItem, Table } from './table.ts';

const maxMemoryBytes = 64 * 1024 * 1024;
/** UTF-16 units; DynamoDB takes 400 KB an item. */
const maxBodyLength = 100_000;
const pointerLifeMs = 30_000;
const trustedPointerLifeMs = 300_000;

/** What the sessions of one ledger share: the table, the MAC, and what this instance remembers. */
export interface Store {
  readonly table: Table;
  readonly clock: Clock;
  readonly settings: LedgerSettings;
  readonly metrics: Metrics;
  readonly keys: KeyBook;
  readonly flights: Flights;
  readonly shelf: PredicateShelf;
  /** Milliseconds. */
  pointerLife(repository: Repository): number;
  /** A verification's content from memory. Whether it is a hit is for the generations to say, which are never in memory. */
  remembered(key: VerificationKey): Remembered | undefined;
  /** Items become content only here, MAC first. `undefined`, and a metric: not ours, damaged, or another format's. */
  openPointer(key: Key, item: StoredItem): Pointer | undefined;
  openVerification(key: VerificationKey, item: StoredItem): Remembered | undefined;
  /** Content becomes an item; `undefined`: it does not fit one. */
  sealPointer(key: Key, pointer: Pointer, text: string): Item | undefined;
  sealVerification(key: VerificationKey, content: Remembered, text: string): Item | undefined;
}

/** What the sessions of a ledger share, from outside. */
export interface StoreOptions {
  readonly table: Table;
  /** One or two, of 32 bytes at least: the first signs, each verifies. */
  readonly macKeys: readonly Uint8Array[];
  readonly clock: Clock;
  readonly settings: LedgerSettings;
  /** Hash of the build, the same in each of its functions; empty where the table does not outlive the process. */
  readonly engine: string;
  readonly metrics: Metrics;
  /** Repositories whose events are known to arrive: their pointers live 5 min instead of 30 s. By default none. */
  readonly eventsTrusted?: (repository: Repository) => boolean;
}

export function createStore(options: StoreOptions): Store {
  const { table, clock, settings, metrics, eventsTrusted } = options;
  if (!(settings.ttlMs > 0 && settings.ttlMs <= maxTtlMs)) throw new RangeError('the TTL is over 24 h, or none');
  const seal = createSeal(options.macKeys);
  const memory = new LRUCache<string, Remembered & Sized>({
    max: settings.maxSize,
    maxSize: maxMemoryBytes,
    sizeCalculation: (content) => content.bytes,
  });
  const opened = new LRUCache<string, Opened>({ max: settings.maxSize });

  /** The item's text if its MAC is good. */
  function unseal(kind: string, key: Key, item: StoredItem): string | undefined {
    const { body, mac } = item;
    if (typeof body !== 'string' || body.length > maxBodyLength) return refuse(kind, 'malformed');
    const found = seal.check(key, body, mac);
    return found === 'good' ? body : refuse(kind, found);
  }

  function refuse(kind: string, reason: string): undefined {
    metrics.count('ledger-item-refused', { item: kind, reason });
  }

  function keep(key: VerificationKey, content: Remembered, text: string): void {
    memory.set(key.id, { ...content, bytes: 4 * text.length + 2 * key.id.length + 1000 });
  }

  return {
    table,
    clock,
    settings,
    metrics,
    keys: new KeyBook(options.engine),
    flights: new Flights(),
    shelf: new PredicateShelf(settings.maxSize),
    pointerLife: (repository) => (eventsTrusted?.(repository) ? trustedPointerLifeMs : pointerLifeMs),
    remembered: (key) => memory.get(key.id),

    openPointer(key, item) {
      // The table is read each time; a MAC that was good for these very strings need not be computed again.
      const last = opened.get(key.pk);
      if (last !== undefined && sameItem(last.item, item)) return last.pointer;
      const text = unseal('pointer', key, item);
      if (text === undefined) return undefined;
      const pointer = parsePointer(text);
      if (pointer === undefined || pointer.expiresAt !== item.expiresAt) return refuse('pointer', 'malformed');
      opened.set(key.pk, { item, pointer });
      return pointer;
    },

    openVerification(key, item) {
      const text = unseal('verification', key, item);
      if (text === undefined) return undefined;
      const content = parseVerification(text);
      if (content === undefined || content.expiresAt !== item.expiresAt) return refuse('verification', 'malformed');
      keep(key, content, text);
      return content;
    },

    sealPointer(key, pointer, text) {
      const item = sealed(seal, key, text, pointer.expiresAt);
      opened.set(key.pk, { item, pointer });
      return item;
    },

    sealVerification(key, content, text) {
      // Memory has what the table has, as it will be read: no more of it, and nothing that could not be read again.
      const kept = text.length > maxBodyLength ? undefined : parseVerification(text);
      if (kept === undefined) return refuse('verification', 'too-large');
      keep(key, kept, text);
      return sealed(seal, key, text, content.expiresAt);
    },
  };
}

interface Sized {
  readonly bytes: number;
}

interface Opened {
  readonly item: StoredItem;
  readonly pointer: Pointer;
}

function sameItem(one: StoredItem, other: StoredItem): boolean {
  return one === other || (one.body === other.body && one.mac === other.mac && one.expiresAt === other.expiresAt);
}

function sealed(seal: Seal, { pk, sk }: Key, body: string, expiresAt: number): Item {
  return { pk, sk, body, mac: seal.sign({ pk, sk }, body), expiresAt, deleteAt: Math.ceil(expiresAt / 1000) };
}
