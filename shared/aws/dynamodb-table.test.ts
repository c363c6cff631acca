import type { Item } from '../ledger/table.ts';
import { dynamoClient } from './dynamodb-client.ts';
import { dynamoTable } from './dynamodb-table.ts';
import { itemsOf, keysOf, leaving, startDynamo, type TestDynamo, tableName } from './testing/dynamodb.ts';
import { failed, fakeCredentials, keptMetrics } from './testing/service.ts';
import { passTime, startTimers, stopTimers } from './testing/time.ts';

let dynamo: TestDynamo;
const deleteAt = 1_795_514_400;

beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());
beforeEach(() => {
  dynamo.reset();
  stopTimers();
});
afterEach(startTimers);

function tableOf(client = dynamo.client) {
  const metrics = keptMetrics();
  const table = dynamoTable({ client, tableName, metrics, random: () => 0 });
  return { ...table, counted: metrics.counted };
}

/** Time enough; tests that are about time have their own. */
function patient() {
  return { signal: new AbortController().signal, consistent: true };
}

function itemsNamed(name: string, count: number): Item[] {
  return Array.from({ length: count }, (_, at) => ({ pk: `${name}#${at}`, sk: 'x', body: `body ${at}`, deleteAt }));
}

test('an item comes back as it was written; keys keep their order, and what is not there is absent', async () => {
  const table = tableOf();
  const sealed = { pk: 'img#a', sk: 'check#1', body: '{"é":1}', mac: '1.abc', expiresAt: 1_795_514_400_123, deleteAt };
  const generation = { pk: 'gen#a', sk: 'gen', body: 'random', deleteAt };
  await table.write([sealed, generation], patient());
  const keys = [
    { pk: 'gen#a', sk: 'gen' },
    { pk: 'gen#b', sk: 'gen' },
    { pk: 'img#a', sk: 'check#1' },
    { pk: 'img#a', sk: 'check#2' },
  ];
  expect(await table.read(keys, patient())).toEqual([
    { body: 'random', mac: undefined, expiresAt: undefined },
    'absent',
    { body: '{"é":1}', mac: '1.abc', expiresAt: 1_795_514_400_123 },
    'absent',
  ]);
  expect(await table.read([{ pk: 'nothing', sk: 'here' }], patient())).toEqual(['absent']);
});

test('bytes come back as bytes', async () => {
  const table = tableOf();
  const body = Uint8Array.from({ length: 1000 }, (_, at) => at % 256);
  await table.write([{ pk: 'pred#a', sk: 'pred', body, expiresAt: 7, deleteAt }], patient());
  const [found] = await table.read([{ pk: 'pred#a', sk: 'pred' }], { ...patient(), consistent: false });
  expect(found).toEqual({ body, mac: undefined, expiresAt: 7 });
});

test("deleteAt is a number of seconds, which is what DynamoDB's TTL takes", async () => {
  await tableOf().write([{ pk: 'ttl', sk: 'x', body: 'b', deleteAt }], patient());
  expect(dynamo.calls.flatMap(itemsOf)).toEqual([
    { pk: { S: 'ttl' }, sk: { S: 'x' }, body: { S: 'b' }, deleteAt: { N: '1795514400' } },
  ]);
});

test('60 items are written, 16 at a time, and 100 keys are read in one request', async () => {
  const table = tableOf();
  const items = itemsNamed('many', 60);
  let under = 0;
  let most = 0;
  dynamo.intercept(async (_, forward) => {
    most = Math.max(most, ++under);
    const answer = await forward();
    under -= 1;
    return answer;
  });
  await table.write(items, patient());
  expect(dynamo.calls.map((call) => itemsOf(call).length)).toEqual(Array.from({ length: 60 }, () => 1));
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(16);
  const found = await table.read([...items, ...itemsNamed('none', 40)], patient());
  expect(found.filter((item) => item !== 'absent')).toHaveLength(60);
  expect(found[59]).toMatchObject({ body: 'body 59' });
});

test('items are put, and by no request that could delete some', async () => {
  await tableOf().write(itemsNamed('put', 3), patient());
  expect(new Set(dynamo.calls.map(({ operation }) => operation))).toEqual(new Set(['PutItem']));
});

test('attributes of other types are not there: the ledger refuses such an item', async () => {
  await dynamo.put({ pk: { S: 'odd' }, sk: { S: 'x' }, body: { N: '7' }, mac: { N: '7' }, expiresAt: { S: '7' } });
  const found = await tableOf().read([{ pk: 'odd', sk: 'x' }], patient());
  expect(found).toEqual([{ body: undefined, mac: undefined, expiresAt: undefined }]);
});

test('a read is consistent where that is asked for', async () => {
  const table = tableOf();
  for (const consistent of [true, false]) await table.read([{ pk: 'a', sk: 'x' }], { ...patient(), consistent });
  const asked = dynamo.calls.map(({ input }) => JSON.stringify(input).includes('"ConsistentRead":true'));
  expect(asked).toEqual([true, false]);
});

describe('where DynamoDB is too busy', () => {
  test('keys that it leaves are asked for again, and only those', async () => {
    const table = tableOf();
    await table.write(itemsNamed('busy', 3), patient());
    dynamo.reset();
    let times = 0;
    dynamo.intercept(leaving((key) => key['pk']?.S === 'busy#1' && ++times <= 2));
    const found = await table.read([...itemsNamed('busy', 3)], patient());
    expect(found).toMatchObject([{ body: 'body 0' }, { body: 'body 1' }, { body: 'body 2' }]);
    expect(dynamo.calls.map((call) => keysOf(call).length)).toEqual([3, 1, 1]);
  });

  test('a key that it goes on leaving is unprocessed, never absent; the others are read', async () => {
    const table = tableOf();
    await table.write(itemsNamed('left', 1), patient());
    dynamo.reset();
    dynamo.intercept(leaving((key) => key['pk']?.S === 'left#1'));
    const keys = itemsNamed('left', 3);
    expect(await table.read(keys, patient())).toEqual([expect.anything(), 'unprocessed', 'absent']);
    expect(dynamo.calls).toHaveLength(4);
    dynamo.intercept(leaving(() => true));
    expect(await table.read(keys, patient())).toEqual(['unprocessed', 'unprocessed', 'unprocessed']);
  });

  test('what has been read stays read where asking again fails', async () => {
    const table = tableOf();
    await table.write(itemsNamed('half', 2), patient());
    let first = true;
    dynamo.intercept((call, forward) => {
      if (!first) return failed('AccessDeniedException');
      first = false;
      return leaving((key) => key['pk']?.S === 'half#1')(call, forward);
    });
    expect(await table.read(itemsNamed('half', 2), patient())).toEqual([expect.anything(), 'unprocessed']);
  });

  test('items that it throttles are written again, and only those', async () => {
    const table = tableOf();
    let times = 0;
    dynamo.intercept(leaving((item) => item['pk']?.S === 'again#1' && ++times <= 2));
    await table.write(itemsNamed('again', 2), patient());
    expect(dynamo.calls.flatMap(itemsOf).map((item) => item['pk']?.S)).toEqual(
      expect.arrayContaining(['again#0', 'again#1', 'again#1', 'again#1']),
    );
    expect(dynamo.calls).toHaveLength(4);
    dynamo.intercept((_, forward) => forward());
    expect(await table.read(itemsNamed('again', 2), patient())).toMatchObject([{ body: 'body 0' }, { body: 'body 1' }]);
  });

  test('items that it goes on throttling make the write fail', async () => {
    const table = tableOf();
    dynamo.intercept(leaving((item) => item['pk']?.S === 'never#1'));
    await expect(table.write(itemsNamed('never', 2), patient())).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(table.counted).toEqual(['table-failed operation=write reason=throttled']);
  });
});

describe('what is no answer', () => {
  test.each([
    ['an empty object', {}],
    [
      'keys that were not asked for',
      { Responses: {}, UnprocessedKeys: { [tableName]: { Keys: [{ pk: { S: 'other' }, sk: { S: 'x' } }] } } },
    ],
  ])('%s makes the read fail: nothing passes for absent', async (_, body) => {
    dynamo.intercept(() => ({ status: 200, body }));
    const table = tableOf();
    await expect(table.read([{ pk: 'a', sk: 'x' }], patient())).rejects.toThrow(/^DynamoDB /);
    expect(table.counted).toEqual(['table-failed operation=read reason=unexpected']);
  });
});

describe('failures', () => {
  const read = (table: ReturnType<typeof tableOf>) => table.read([{ pk: 'a', sk: 'x' }], patient());
  const write = (table: ReturnType<typeof tableOf>) => table.write(itemsNamed('fails', 1), patient());

  test.each([
    ['throttled', 'ProvisionedThroughputExceededException', 4],
    ['throttled', 'ThrottlingException', 4],
    ['denied', 'AccessDeniedException', 1],
    ['missing', 'ResourceNotFoundException', 1],
    ['unexpected', 'ValidationException', 1],
  ])('%s (%s): rejects, is counted, and was tried %i times', async (reason, type, times) => {
    for (const [operation, work] of Object.entries({ read, write })) {
      dynamo.reset();
      dynamo.intercept(() => failed(type));
      const table = tableOf();
      await expect(work(table)).rejects.toMatchObject({ name: type });
      expect(table.counted).toEqual([`table-failed operation=${operation} reason=${reason}`]);
      expect(dynamo.calls).toHaveLength(times);
    }
  });

  test('a table that fails is not asked about every item', async () => {
    dynamo.intercept(() => failed('InternalServerError', 500));
    const table = tableOf();
    await expect(table.write(itemsNamed('down', 60), patient())).rejects.toThrow();
    expect(dynamo.calls.length).toBeLessThanOrEqual(16);
    expect(table.counted).toEqual(['table-failed operation=write reason=service']);
  });

  test('throttled once: the next attempt has it', async () => {
    for (const work of [read, write]) {
      dynamo.reset();
      dynamo.intercept((_, forward) => (dynamo.calls.length === 1 ? failed('ThrottlingException') : forward()));
      const table = tableOf();
      await work(table);
      expect(table.counted).toEqual([]);
      expect(dynamo.calls).toHaveLength(2);
    }
  });

  test.each([
    ['a server error', () => failed('InternalServerError', 500), 'service'],
    ['a connection that breaks', () => 'break' as const, 'broken'],
  ])('%s: a read is repeated; a write may have been carried out, so it is not', async (_, answer, reason) => {
    dynamo.intercept((_call, forward) => (dynamo.calls.length === 1 ? answer() : forward()));
    await read(tableOf());
    expect(dynamo.calls).toHaveLength(2);
    dynamo.reset();
    dynamo.intercept(answer);
    const table = tableOf();
    await expect(write(table)).rejects.toThrow();
    expect(table.counted).toEqual([`table-failed operation=write reason=${reason}`]);
    expect(dynamo.calls).toHaveLength(1);
  });

  test('nobody answers there: unreachable', async () => {
    startTimers();
    const gone = await startDynamo();
    const endpoint = await gone.client.config.endpoint?.();
    await gone.close();
    const client = dynamoClient({
      region: 'eu-west-1',
      credentials: fakeCredentials,
      endpoint: `http://${endpoint?.hostname}:${endpoint?.port}`,
    });
    const table = tableOf(client);
    await expect(read(table)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(table.counted).toEqual(['table-failed operation=read reason=unreachable']);
  });

  test('no answer: the read and the write end with the signal', async () => {
    for (const operation of ['read', 'write'] as const) {
      const table = tableOf();
      const controller = new AbortController();
      dynamo.intercept(() => {
        controller.abort();
        return undefined;
      });
      const options = { signal: controller.signal, consistent: true };
      await expect(table[operation](itemsNamed('slow', 1), options)).rejects.toMatchObject({ name: 'AbortError' });
      expect(table.counted).toEqual([`table-failed operation=${operation} reason=slow`]);
    }
  });

  test('no answer and a patient caller: a request ends after half a second; only a read is repeated', async () => {
    dynamo.intercept((call) => {
      passTime(call.operation === 'PutItem' || dynamo.calls.length < 4 ? 500 : 499);
      return dynamo.calls.length < 4 ? undefined : { status: 200, body: { Responses: {} } };
    });
    expect(await read(tableOf())).toEqual(['absent']);
    expect(dynamo.calls).toHaveLength(4);
    dynamo.calls.length = 0;
    const table = tableOf();
    await expect(write(table)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(table.counted).toEqual(['table-failed operation=write reason=slow']);
    expect(dynamo.calls).toHaveLength(1);
  });
});
