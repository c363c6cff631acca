import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../net/deadline.ts';
import type { Random } from './generation.ts';
import type { Item, Key, ReadItem, StoredItem, Table } from './table.ts';

export interface MemoryTableOptions {
  readonly clock: Clock;
  /** Images that are remembered: as many pointers are kept, twice as many verifications, and as many predicates. */
  readonly maxSize: number;
  /** Generations that are kept, 100,000 by default. */
  readonly maxGenerations?: number;
  readonly random?: Random;
}

const maxBytes = 64 * 1024 * 1024;

/**
 * The table in this process, for `serve` and the command line. It answers at once and is always consistent. The least recently
 * used items give way, at a number of items and at 64 MB; generations stand apart and never give way one by one. So do pointers, which
 * every image with a tag leaves, verified or not: whoever names hundreds of tags has no verification forgotten for them; and so do
 * predicates, since a few of them would take the place of all others.
 */
export function memoryTable(options: MemoryTableOptions): Table {
  const { clock, random = randomBytes } = options;
  const bounds = { maxSize: maxBytes, sizeCalculation: bytesOf };
  const verifications = new LRUCache<string, Item>({ ...bounds, max: options.maxSize * 2 });
  const pointers = new LRUCache<string, Item>({ ...bounds, max: options.maxSize });
  const predicates = new LRUCache<string, Item>({ ...bounds, max: options.maxSize });
  const generations = new Generations(clock, random, options.maxGenerations ?? 100_000);

  function itemsOf({ sk }: Key) {
    if (sk === 'pred') return predicates;
    return sk === 'pointer' ? pointers : verifications;
  }

  function find(key: Key): ReadItem {
    return key.sk === 'gen' ? generations.get(key.pk) : (itemsOf(key).get(idOf(key)) ?? 'absent');
  }

  return {
    read: (keys) => keys.map(find),
    write(written) {
      for (const item of written) {
        if (item.sk === 'gen') generations.set(item);
        else itemsOf(item).set(idOf(item), item);
      }
      return undefined;
    },
  };
}

/**
 * Generations by pk. Where they reach their bound all are dropped at once, and from then on one fresh value, the epoch, stands
 * for every generation without an item. Whatever was stored before, under a lost generation or under none, is a miss.
 */
class Generations {
  /** In the order of renewal, so that those whose time is over come first. */
  readonly #items = new Map<string, Item>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #max: number;
  #epoch: StoredItem | 'absent' = 'absent';

  constructor(clock: Clock, random: Random, max: number) {
    this.#clock = clock;
    this.#random = random;
    this.#max = max;
  }

  get(pk: string): ReadItem {
    return this.#items.get(pk) ?? this.#epoch;
  }

  set(item: Item): void {
    this.#items.delete(item.pk);
    if (this.#items.size >= this.#max) this.#makeRoom();
    this.#items.set(item.pk, item);
  }

  #makeRoom(): void {
    const now = this.#clock() / 1000;
    for (const [pk, item] of this.#items) {
      if (item.deleteAt > now) break;
      this.#items.delete(pk);
    }
    if (this.#items.size < this.#max) return;
    this.#items.clear();
    this.#epoch = { body: `epoch-${this.#random(16).toString('base64url')}` };
  }
}

function idOf(key: Key): string {
  return `${key.pk}\n${key.sk}`;
}

/** Two bytes a character at most, and what the objects themselves take. */
function bytesOf({ pk, sk, body, mac }: Item): number {
  const bytes = typeof body === 'string' ? 2 * body.length : body.length;
  return bytes + 2 * (2 * (pk.length + sk.length) + (mac?.length ?? 0)) + 400;
}
