import { randomBytes } from 'node:crypto';
import type { Ledger } from '../ledger/ledger.ts';
import { maxPackedBytes, maxPredicateBytes } from '../ledger/predicate.ts';
import type { Item } from '../ledger/table.ts';
import {
  admit,
  app,
  ask,
  askedBy,
  begun,
  check,
  createWorld,
  deadline,
  digestA,
  digestB,
  hashOf,
  signatures,
  textOf,
  verificationOf,
} from '../ledger/testing/world.ts';
import { ownCredentials } from '../plan/credentials.ts';
import { dynamoTable } from './dynamodb-table.ts';
import {
  type Attributes,
  itemsOf,
  keysOf,
  leaving,
  startDynamo,
  type TestDynamo,
  tableName,
} from './testing/dynamodb.ts';
import { failed, keptMetrics } from './testing/service.ts';
import { passTime, startTimers, stopTimers } from './testing/time.ts';

/** The ledger of deployed functions: its protocol over DynamoDB as the SDK speaks to it. Each ledger is another instance. */
let dynamo: TestDynamo;

beforeEach(async () => {
  dynamo = await startDynamo();
  stopTimers();
});
afterEach(() => {
  startTimers();
  return dynamo.close();
});

function worldOver() {
  const metrics = keptMetrics();
  const table = dynamoTable({ client: dynamo.client, tableName, metrics, random: () => 0 });
  return { ...createWorld({ table }), failures: metrics.counted };
}

test('what one instance verified is a hit in another, and in its own memory', async () => {
  const world = worldOver();
  const found = verificationOf(digestA, { validUntil: world.time.now + 60_000 });
  const first = world.ledger();
  expect(await admit(first, { found })).toEqual({ pointer: undefined, verification: undefined });
  expect(await admit(world.ledger())).toEqual({ pointer: digestA, verification: found });
  expect(await admit(first)).toEqual({ pointer: digestA, verification: found });
  expect(await ask(world.ledger(), digestB)).toBeUndefined();
  expect([world.counted, world.failures]).toEqual([[], []]);
});

test('a hit costs at most two reads, and no write', async () => {
  const world = worldOver();
  await admit(world.ledger());
  dynamo.reset();
  await admit(world.ledger());
  expect(dynamo.calls.map(({ operation }) => operation)).toEqual(['BatchGetItem', 'BatchGetItem']);
});

test('an item that DynamoDB has not deleted yet is over when its time is over', async () => {
  const world = worldOver();
  await admit(world.ledger());
  world.time.now += 3_600_000 - 1;
  expect(await ask(world.ledger())).toBeDefined();
  world.time.now += 1;
  expect(await ask(world.ledger())).toBeUndefined();
});

test('a change that one instance announces is a miss in all: the repository, and the digest', async () => {
  for (const digest of [undefined, digestA]) {
    const world = worldOver();
    const warm = world.ledger();
    await admit(warm);
    expect(await ask(warm)).toBeDefined();
    await world.ledger().renew(signatures, digest);
    expect(await ask(warm)).toBeUndefined();
    expect(await ask(world.ledger())).toBeUndefined();
    await admit(warm);
    expect(await ask(world.ledger())).toBeDefined();
  }
});

test('reads are consistent: a store that gives the value before the last one unless asked so makes no hit', async () => {
  const world = worldOver();
  const before = new Map<string, Attributes>();
  const latest = new Map<string, Attributes>();
  dynamo.intercept(async (call, forward) => {
    if (call.operation === 'PutItem') {
      for (const item of itemsOf(call)) {
        const id = item['pk']?.S ?? '';
        const last = latest.get(id);
        if (last !== undefined) before.set(id, last);
        latest.set(id, item);
      }
      return forward();
    }
    if (JSON.stringify(call.input).includes('"ConsistentRead":true')) return forward();
    const stale = keysOf(call).flatMap((key) => before.get(key['pk']?.S ?? '') ?? []);
    return { status: 200, body: { Responses: { [tableName]: stale }, UnprocessedKeys: {} } };
  });
  const generation = { pk: 'gen#registry.example/team/app', sk: 'gen' };
  await world.ledger().renew(app);
  await admit(world.ledger());
  await world.ledger().renew(app);
  expect(await ask(world.ledger())).toBeUndefined();

  // That it does give the old value: the first generation, under which the verification would be a hit.
  const { signal } = new AbortController();
  const [old] = await world.table.read([generation], { signal, consistent: false });
  const [current] = await world.table.read([generation], { signal, consistent: true });
  expect(old).toMatchObject({ body: latestBefore(world.written, generation.pk) });
  expect(current).not.toEqual(old);
});

test('a generation that DynamoDB leaves unprocessed makes a miss, and nothing is stored under it', async () => {
  const world = worldOver();
  const ledger = world.ledger();
  await admit(ledger);
  await world.ledger().renew(app);
  world.written.length = 0;
  dynamo.intercept(leaving((key) => key['pk']?.S === 'gen#registry.example/team/app' && key['body'] === undefined));
  expect(await admit(ledger)).toEqual({ pointer: undefined, verification: undefined });
  expect(world.written).toEqual([]);
  expect(world.counted).toContain('ledger-unprocessed');
  dynamo.reset();
  await admit(ledger);
  expect((await admit(ledger)).verification).toBeDefined();
});

describe('a table that fails: a miss for memory too, counted with its reason, and no one fails', () => {
  test.each([
    ['throttled', () => failed('ProvisionedThroughputExceededException'), 'throttled'],
    ['denied', () => failed('AccessDeniedException'), 'denied'],
    ['down', () => failed('InternalServerError', 500), 'service'],
    ['cut off', () => 'break' as const, 'broken'],
  ])('%s', async (_, answer, reason) => {
    const world = worldOver();
    const ledger = world.ledger();
    await admit(ledger);
    expect((await admit(ledger)).verification).toBeDefined();
    dynamo.intercept(answer);
    expect(await admit(ledger)).toEqual({ pointer: undefined, verification: undefined });
    expect(world.counted).toEqual(['ledger-read-failed', 'ledger-read-failed']);
    const read = `table-failed operation=read reason=${reason}`;
    expect(world.failures).toEqual([read, read]);
    dynamo.reset();
    expect((await admit(ledger)).verification).toBeDefined();
  });

  test('slow: a quarter of what is left is waited, and no more', async () => {
    const world = worldOver();
    const ledger = world.ledger();
    await admit(ledger);
    const asked = Promise.withResolvers<void>();
    dynamo.intercept(() => {
      asked.resolve();
      return undefined;
    });
    const beginning = begun(ledger, digestA, check, deadline(100));
    await asked.promise;
    passTime(24);
    expect(world.counted).toEqual([]);
    passTime(1);
    expect((await beginning).verification(app, digestA, check)).toBeUndefined();
    expect(world.counted).toEqual(['ledger-read-failed']);
  });

  test('slow to write: the answer waits 150 ms, and no more', async () => {
    const world = worldOver();
    dynamo.intercept((call, forward) => {
      if (call.operation === 'BatchGetItem') return forward();
      passTime(150);
      return undefined;
    });
    await admit(world.ledger());
    expect(world.counted).toEqual(['ledger-write-failed']);
  });

  test('writes that fail are counted, and the answer goes out', async () => {
    const world = worldOver();
    dynamo.intercept((call, forward) =>
      call.operation === 'BatchGetItem' ? forward() : failed('ThrottlingException'),
    );
    await admit(world.ledger());
    expect(world.counted).toEqual(['ledger-write-failed']);
    expect(world.failures).toEqual(['table-failed operation=write reason=throttled']);
  });

  test('an announcement that could not be written rejects, so that the event is handled again', async () => {
    const world = worldOver();
    dynamo.intercept(() => failed('InternalServerError', 500));
    await expect(world.ledger().renew(app)).rejects.toMatchObject({ name: 'InternalServerError' });
    expect(dynamo.calls).toHaveLength(1);
  });
});

describe('items that someone else wrote', () => {
  /** An admission, then the item of `prefix` replaced past the ledger, then what another instance knows. */
  async function replaced(prefix: string, change: (item: Item) => Parameters<TestDynamo['put']>[0]) {
    const world = worldOver();
    await admit(world.ledger());
    const item = world.written.find(({ pk }) => pk.startsWith(prefix));
    if (item === undefined) throw new Error(`no item of ${prefix} was written`);
    await dynamo.put(change(item));
    return { world, known: await admit(world.ledger()) };
  }

  const whole = (item: Item) => ({
    pk: { S: item.pk },
    sk: { S: item.sk },
    body: { S: textOf(item) },
    mac: { S: item.mac ?? '' },
    expiresAt: { N: String(item.expiresAt) },
  });

  test('the same item again is a hit', async () => {
    const { world, known } = await replaced('img#', whole);
    expect(known.verification).toBeDefined();
    expect(world.counted).toEqual([]);
  });

  test.each([
    ['another body', (item: Item) => ({ ...whole(item), body: { S: `${item.body} ` } }), 'mac'],
    ['another MAC', (item: Item) => ({ ...whole(item), mac: { S: `2.${'A'.repeat(43)}` } }), 'mac'],
    [
      'another version',
      (item: Item) => ({ ...whole(item), mac: { S: item.mac?.replace('2.', '1.') ?? '' } }),
      'version',
    ],
    [
      'a longer life beside the body',
      (item: Item) => ({ ...whole(item), expiresAt: { N: '9999999999999' } }),
      'malformed',
    ],
    ['a body of another type', (item: Item) => ({ ...whole(item), body: { N: '1' } }), 'malformed'],
    ['nothing but the key', ({ pk, sk }: Item) => ({ pk: { S: pk }, sk: { S: sk } }), 'malformed'],
  ])('%s: a miss, counted', async (_, change, reason) => {
    const { world, known } = await replaced('img#', change);
    expect(known).toEqual({ pointer: digestA, verification: undefined });
    expect(world.counted).toEqual([`ledger-item-refused item=verification reason=${reason}`]);
  });

  test('a pointer with another digest under its MAC: a miss, counted', async () => {
    const { world, known } = await replaced('tag#', (item) => ({
      ...whole(item),
      body: { S: textOf(item).replace(digestA, digestB) },
    }));
    expect(known.pointer).toBeUndefined();
    expect(world.counted).toEqual(['ledger-item-refused item=pointer reason=mac']);
  });

  test('copied under another key: a miss there, counted', async () => {
    const world = worldOver();
    await admit(world.ledger());
    const item = world.written.find(({ pk }) => pk.startsWith('img#'));
    if (item === undefined) throw new Error('no verification was written');
    await dynamo.put({ ...whole(item), pk: { S: item.pk.replace(digestA, digestB) } });
    expect(await ask(world.ledger())).toBeDefined();
    expect(await ask(world.ledger(), digestB)).toBeUndefined();
    expect(world.counted).toEqual(['ledger-item-refused item=verification reason=mac']);
  });
});

test('images enough for several reads and writes come back whole', async () => {
  const world = worldOver();
  const session = world.ledger().begin(deadline());
  const wants = Array.from({ length: 60 }, (_, at) => ({
    repository: { registry: 'registry.example', path: `team/app-${at}` },
    digest: digestA,
    credentials: ownCredentials,
    checks: [{ ...check, repositories: [] }],
  }));
  await session.point(wants);
  for (const { repository, checks } of wants) {
    for (const query of checks)
      session.recordVerification(repository, digestA, query, verificationOf(digestA), askedBy);
  }
  await session.flush();
  const operations = Object.groupBy(dynamo.calls, ({ operation }) => operation);
  expect(Object.keys(operations).sort()).toEqual(['BatchGetItem', 'PutItem']);
  expect(operations['BatchGetItem']).toHaveLength(2);
  expect(operations['PutItem']?.length).toBeGreaterThanOrEqual(60);
  const other = world.ledger().begin(deadline());
  await other.point(wants);
  const known = wants.filter(
    ({ repository, checks: [query] }) => query && other.verification(repository, digestA, query),
  );
  expect(known).toHaveLength(60);
});

describe('predicates', () => {
  async function recorded(ledger: Ledger, predicates: readonly Uint8Array[]) {
    const session = await begun(ledger);
    for (const bytes of predicates) session.recordPredicate(hashOf(bytes), bytes, check);
    session.recordVerification(app, digestA, check, verificationOf(digestA), askedBy);
    await session.flush();
  }

  async function known(ledger: Ledger, predicates: readonly Uint8Array[]) {
    const session = ledger.begin(deadline());
    await session.predicates(predicates.map(hashOf));
    return predicates.map((bytes) => Buffer.compare(session.predicate(hashOf(bytes)) ?? Buffer.alloc(0), bytes) === 0);
  }

  test('what one instance recorded another has, up to what an item holds; the verification is written beside it', async () => {
    const world = worldOver();
    const predicates = [
      Buffer.from('{}'),
      Buffer.alloc(maxPredicateBytes, '{"a":1}'),
      randomBytes(maxPackedBytes - 100),
    ];
    await recorded(world.ledger(), predicates);
    expect(dynamo.calls.filter(({ operation }) => operation === 'PutItem').length).toBeGreaterThan(2);
    dynamo.reset();
    expect(await known(world.ledger(), predicates)).toEqual([true, true, true]);
    expect(dynamo.calls.map(({ operation }) => operation)).toEqual(['BatchGetItem']);
    expect(JSON.stringify(dynamo.calls[0]?.input)).toContain('"ConsistentRead":false');
    expect(await ask(world.ledger())).toBeDefined();
    expect([world.counted, world.failures]).toEqual([[], []]);
  });

  test('one that DynamoDB leaves unprocessed is asked for again, then a miss', async () => {
    const world = worldOver();
    const predicates = [Buffer.from('{"one":1}'), Buffer.from('{"two":2}')];
    await recorded(world.ledger(), predicates);
    let times = 0;
    const held = (key: Attributes) => key['pk']?.S === `pred#${hashOf(Buffer.from('{"two":2}'))}`;
    dynamo.intercept(leaving((key) => held(key) && ++times <= 2));
    expect(await known(world.ledger(), predicates)).toEqual([true, true]);
    dynamo.intercept(leaving(held));
    expect(await known(world.ledger(), predicates)).toEqual([true, false]);
    expect(world.counted).toEqual(['ledger-unprocessed']);
  });

  test('a table that fails: a miss, counted with its reason, and no one fails', async () => {
    const world = worldOver();
    const one = [Buffer.from('{"one":1}')];
    await recorded(world.ledger(), one);
    dynamo.intercept(() => failed('InternalServerError', 500));
    expect(await known(world.ledger(), one)).toEqual([false]);
    expect(world.counted).toEqual(['ledger-read-failed']);
    expect(world.failures).toEqual(['table-failed operation=read reason=service']);
    dynamo.reset();
    expect(await known(world.ledger(), one)).toEqual([true]);
  });

  test("an item that another's bytes were put into is a miss, counted", async () => {
    const world = worldOver();
    const [one, other] = [Buffer.from('{"one":1}'), Buffer.from('{"two":2}')];
    await recorded(world.ledger(), [one, other]);
    const item = world.written.find(({ pk }) => pk === `pred#${hashOf(other)}`);
    if (item === undefined || typeof item.body === 'string') throw new Error('no predicate was written');
    await dynamo.put({ pk: { S: `pred#${hashOf(one)}` }, sk: { S: 'pred' }, body: { B: item.body } });
    expect(await known(world.ledger(), [one, other])).toEqual([false, true]);
    expect(world.counted).toEqual(['ledger-item-refused item=predicate reason=hash']);
  });

  test('many are read in several turns', async () => {
    const world = worldOver();
    const predicates = Array.from({ length: 30 }, (_, at) => Buffer.from(`{"at":${at}}`));
    await recorded(world.ledger(), predicates);
    dynamo.reset();
    expect(await known(world.ledger(), predicates)).toEqual(predicates.map(() => true));
    expect(dynamo.calls.map((call) => keysOf(call).length)).toEqual([25, 5]);
  });
});

function latestBefore(written: readonly Item[], pk: string): string {
  return textOf(written.filter((item) => item.pk === pk).at(-2));
}
