import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Item, Key, ReadOptions, StoredItem, Table, TableOptions } from '../ledger/table.ts';
import type { Metrics } from '../net/metrics.ts';
import { untilDone } from './attempts.ts';
import { awsFailure } from './failure.ts';

export interface DynamoTableOptions {
  /** Must not repeat requests by itself: see `write`. */
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly tableName: string;
  readonly metrics: Metrics;
  /** 0 to 1, for the waits between attempts; injected by tests. */
  readonly random?: () => number;
}

/** Items of one call that are on their way at a time. */
const writesAtOnce = 16;

type Attributes = Record<string, AttributeValue>;

/**
 * The ledger's table in DynamoDB. Attributes: `pk` and `sk` (the key), `body` (text, or bytes) and `mac` (text), `expiresAt` (a number,
 * milliseconds), `deleteAt` (a number, seconds: the table's TTL attribute). What is read is handed on as it is found.
 *
 * Every request ends with the caller's signal. A read or a write that fails rejects and is counted, `table-failed` with the
 * operation and the reason; whether that is a miss is for the ledger to say.
 */
export function dynamoTable(options: DynamoTableOptions): Table {
  const { client, tableName, metrics, random = Math.random } = options;

  async function counted<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      metrics.count('table-failed', { operation, reason: awsFailure(thrown) });
      throw thrown;
    }
  }

  /** Asks for the keys once. Returns those that were not processed. */
  async function readOnce(keys: readonly Key[], found: Map<string, StoredItem>, { consistent, signal }: ReadOptions) {
    const wanted = { Keys: keys.map(keyAttributes), ConsistentRead: consistent };
    const command = new BatchGetItemCommand({ RequestItems: { [tableName]: wanted } });
    const { Responses, UnprocessedKeys } = await client.send(command, { abortSignal: signal });
    // An item is absent only where the table has answered: an empty object is no answer.
    if (Responses === undefined) throw new Error('DynamoDB answered BatchGetItem without Responses');
    for (const attributes of Responses[tableName] ?? []) found.set(idOfAttributes(attributes), storedItem(attributes));
    const left = UnprocessedKeys?.[tableName]?.Keys ?? [];
    if (left.length === 0) return [];
    const ids = new Set(left.map(idOfAttributes));
    const open = keys.filter((key) => ids.has(idOf(key)));
    // Were one of them not recognized, the key it stands for would pass for absent.
    if (open.length !== left.length) throw new Error('DynamoDB left keys unprocessed that were not asked for');
    return open;
  }

  async function read(keys: readonly Key[], readOptions: ReadOptions) {
    const { signal } = readOptions;
    const found = new Map<string, StoredItem>();
    let open = keys;
    let answered = false;
    try {
      await untilDone(
        async () => {
          open = await readOnce(open, found, readOptions);
          answered = true;
          return open.length === 0;
        },
        { signal, random, mayRepeat: (thrown) => !signal.aborted && passing.has(awsFailure(thrown)) },
      );
    } catch (thrown) {
      // What has been read stays read; the rest is unprocessed.
      if (!answered) throw thrown;
    }
    const unprocessed = new Set(open.map(idOf));
    return keys.map((key) => {
      const id = idOf(key);
      return found.get(id) ?? (unprocessed.has(id) ? 'unprocessed' : 'absent');
    });
  }

  /**
   * Writes one item, by a request that can do nothing else: who may write by BatchWriteItem may delete as well. It is repeated only where
   * it certainly changed nothing. Any other may still be carried out, however late: a generation that arrives twice, with another one in
   * between, would make hits of what was to be forgotten.
   */
  async function writeOne(item: Item, { signal }: TableOptions): Promise<void> {
    const command = new PutItemCommand({ TableName: tableName, Item: itemAttributes(item) });
    await untilDone(
      async () => {
        await client.send(command, { abortSignal: signal });
        return true;
      },
      { signal, random, mayRepeat: (thrown) => !signal.aborted && undone.has(awsFailure(thrown)) },
    );
  }

  return {
    read: (keys, readOptions) => counted('read', () => read(keys, readOptions)),
    async write(items, writeOptions) {
      const left = items.values();
      // Each ends with the first of its items that fails, so a table that is down is not asked about every item.
      const writer = async () => {
        for (const item of left) await writeOne(item, writeOptions);
      };
      await counted('write', () => Promise.all(Array.from({ length: Math.min(writesAtOnce, items.length) }, writer)));
    },
  };
}

/** What a read may be asked again after: it changes nothing. */
const passing: ReadonlySet<string> = new Set(['throttled', 'unreachable', 'broken', 'slow', 'service']);
/** What shows that a write was not carried out. */
const undone: ReadonlySet<string> = new Set(['throttled', 'unreachable']);

function idOf({ pk, sk }: Key): string {
  return `${pk}\n${sk}`;
}

function idOfAttributes(attributes: Attributes): string {
  return `${attributes['pk']?.S}\n${attributes['sk']?.S}`;
}

function keyAttributes({ pk, sk }: Key): Attributes {
  return { pk: { S: pk }, sk: { S: sk } };
}

function itemAttributes(item: Item): Attributes {
  const attributes: Attributes = {
    ...keyAttributes(item),
    body: typeof item.body === 'string' ? { S: item.body } : { B: item.body },
    deleteAt: { N: String(item.deleteAt) },
  };
  if (item.mac !== undefined) attributes['mac'] = { S: item.mac };
  if (item.expiresAt !== undefined) attributes['expiresAt'] = { N: String(item.expiresAt) };
  return attributes;
}

/** An attribute of another type than ours is not there, and the ledger refuses the item for it. */
function storedItem(attributes: Attributes): StoredItem {
  const { body, mac, expiresAt } = attributes;
  return {
    body: body?.S ?? body?.B,
    mac: mac?.S,
    expiresAt: expiresAt?.N === undefined ? undefined : Number(expiresAt.N),
  };
}
