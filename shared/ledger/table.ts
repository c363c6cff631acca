/** What names an item: partition key and sort key. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** An item to write. All that it says is in `body`; what stands beside it is for the table and for people. */
export interface Item extends Key {
  /** Text; of a predicate, bytes. */
  readonly body: string | Uint8Array;
  /** Of pointers and verifications; the others carry none. */
  readonly mac?: string;
  /** Milliseconds: the same as in `body`, where the MAC covers it; of a predicate, when it may be forgotten. A generation has none. */
  readonly expiresAt?: number;
  /** Seconds, DynamoDB's TTL attribute: when the table may forget the item. It may do so days later. */
  readonly deleteAt: number;
}

/** An item as a table holds it: nothing about it is believed. */
export interface StoredItem {
  readonly body?: unknown;
  readonly mac?: unknown;
  readonly expiresAt?: unknown;
}

/**
 * `absent`: the table was asked and holds no such item. `unprocessed`: the table did not say (a BatchGetItem's
 * UnprocessedKeys when its time ended); taking that for `absent` would undo a forgetting.
 */
export type ReadItem = StoredItem | 'absent' | 'unprocessed';

/** One per key, in the keys' order. */
export type ReadResult = readonly ReadItem[];

export interface TableOptions {
  /** Aborts when the ledger waits no longer. May be made only when it is asked for: a table that needs none leaves it. */
  readonly signal: AbortSignal;
}

export interface ReadOptions extends TableOptions {
  /** The answer must hold every write that was acknowledged before the read began (DynamoDB: ConsistentRead). */
  readonly consistent: boolean;
}

/**
 * The ledger's port: a table of items by key. It knows nothing of generations, MACs or expiry. A table in this process may
 * answer at once; any other answers by a promise, and rejects where it cannot answer at all.
 */
export interface Table {
  /** At most 100 keys, all different. A batch is no snapshot: each item is as of some time during the call. */
  read(keys: readonly Key[], options: ReadOptions): ReadResult | Promise<ReadResult>;
  /** Any number of items, all of different keys, each replacing what was there, without a condition and in no order. */
  write(items: readonly Item[], options: TableOptions): undefined | Promise<void>;
}
