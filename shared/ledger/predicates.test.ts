import { randomBytes } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import { passTime, startTimers, stopTimers } from '../aws/testing/time.ts';
import { ownCredentials } from '../plan/credentials.ts';
import type { Ledger, Session } from './ledger.ts';
import { memoryTable } from './memory-table.ts';
import { maxPackedBytes, maxPredicateBytes } from './predicate.ts';
import type { ReadItem, Table } from './table.ts';
import { admit, app, check, createWorld, deadline, digestA, hashOf, start, tableWith } from './testing/world.ts';

const mib = 1024 * 1024;
const hour = 3_600_000;
const small = Buffer.from('{"builder":{"id":"https://builder.example"}}');
/** A list of packages, as an SBOM has. */
const large = Buffer.from(
  JSON.stringify(Array.from({ length: 20_000 }, (_, at) => ({ name: `package-${at}`, license: 'MIT' }))),
);

async function record(ledger: Ledger, ...predicates: readonly Uint8Array[]): Promise<Session> {
  const session = ledger.begin(deadline());
  for (const bytes of predicates) session.recordPredicate(hashOf(bytes), bytes, check);
  await session.flush();
  return session;
}

async function read(ledger: Ledger, ...predicates: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
  const session = ledger.begin(deadline());
  const hashes = predicates.map(hashOf);
  await session.predicates(hashes);
  return hashes.map((hash) => session.predicate(hash));
}

/** Packing takes what it takes on a busy machine: the limits are reached where a test says so. */
beforeEach(stopTimers);
afterEach(startTimers);

/** `toEqual` takes seconds for a megabyte. */
function same(found: Uint8Array | undefined, bytes: Uint8Array): boolean {
  return found !== undefined && Buffer.compare(found, bytes) === 0;
}

/** So many bytes that do not pack. */
const noise = (size: number) => randomBytes(size);
/** So many bytes that pack well, and different ones each time. */
const even = (size: number, fill: string) => Buffer.alloc(size, fill);

describe('what is remembered', () => {
  test('what one instance recorded is there in another, byte for byte', async () => {
    const world = createWorld();
    const predicates = [small, large, Buffer.alloc(0), noise(1000)];
    await record(world.ledger(), ...predicates);
    const found = await read(world.ledger(), ...predicates);
    expect(predicates.map((bytes, at) => same(found[at], bytes))).toEqual([true, true, true, true]);
    expect(world.counted).toEqual([]);
  });

  test('it is packed: a list of packages takes a small part of its size', async () => {
    const world = createWorld();
    await record(world.ledger(), large);
    expect(world.written).toMatchObject([{ pk: `pred#${hashOf(large)}`, sk: 'pred' }]);
    expect(world.written[0]?.body.length).toBeLessThan(large.length / 5);
    expect(world.written[0]).not.toHaveProperty('mac');
  });

  test('one that nobody recorded is not there', async () => {
    const world = createWorld();
    await record(world.ledger(), small);
    expect(await read(world.ledger(), large)).toEqual([undefined]);
    expect(world.counted).toEqual([]);
  });

  test('what was recorded is there in the session and, before it was written, in others of the instance', () => {
    const ledger = createWorld().ledger();
    const session = ledger.begin(deadline());
    session.recordPredicate(hashOf(small), small, check);
    const other = ledger.begin(deadline());
    expect(other.predicates([hashOf(small)])).toBeUndefined();
    expect([session, other].map((one) => one.predicate(hashOf(small)))).toEqual(
      [small, small].map((b) => new Uint8Array(b)),
    );
  });

  test('a copy is kept: neither the payload around it nor what becomes of that', () => {
    const payload = Buffer.from(`{"predicate":${small}}`);
    const bytes = payload.subarray(13, 13 + small.length);
    const session = createWorld().ledger().begin(deadline());
    session.recordPredicate(hashOf(bytes), bytes, check);
    payload.fill(0);
    const kept = session.predicate(hashOf(small));
    expect(kept).toEqual(new Uint8Array(small));
    expect(kept?.buffer.byteLength).toBe(small.length);
  });

  test('it is one object as long as it is in memory', async () => {
    const world = createWorld();
    await record(world.ledger(), small);
    const ledger = world.ledger();
    const [first] = await read(ledger, small);
    const [second] = await read(ledger, small);
    expect(first).toBeDefined();
    expect(second).toBe(first);
  });

  test('useCache: false: not written; the twin that does not say so is', async () => {
    const world = createWorld();
    const session = world.ledger().begin(deadline());
    session.recordPredicate(hashOf(small), small, { ...check, useCache: false });
    session.recordPredicate(hashOf(large), large, check);
    await session.flush();
    expect(world.written).toMatchObject([{ pk: `pred#${hashOf(large)}` }]);
    expect(session.predicate(hashOf(small))).toBeUndefined();
  });

  test('imageVerifyCacheEnabled: false: neither written nor read', async () => {
    const world = createWorld();
    await record(world.ledger(), small);
    world.written.length = 0;
    const off = world.ledger({ enabled: false });
    await record(off, large);
    expect(await read(off, small)).toEqual([undefined]);
    expect([world.written, world.reads]).toEqual([[], []]);
  });
});

describe('how it is read', () => {
  test('apart from all else, not consistently, each key once, 25 a read', async () => {
    const world = createWorld();
    const predicates = Array.from({ length: 60 }, (_, at) => Buffer.from(`{"at":${at}}`));
    await record(world.ledger(), ...predicates);
    const found = await read(world.ledger(), ...predicates, ...predicates);
    expect(found.filter((bytes) => bytes !== undefined)).toHaveLength(120);
    expect(world.reads.map(({ keys }) => keys.length)).toEqual([25, 25, 10]);
    expect(new Set(world.reads.flatMap(({ keys }) => keys.map((key) => key.sk)))).toEqual(new Set(['pred']));
    expect(world.reads.every(({ options }) => !options.consistent)).toBe(true);
  });

  test('what memory has is not asked for', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    await record(world.ledger(), small, large);
    await read(ledger, small);
    world.reads.length = 0;
    expect((await read(ledger, small, large)).every((bytes) => bytes !== undefined)).toBe(true);
    expect(world.reads).toMatchObject([{ keys: [{ pk: `pred#${hashOf(large)}` }] }]);
  });

  test('nothing to ask for: nothing is asked', () => {
    const world = createWorld();
    expect(world.ledger().begin(deadline()).predicates([])).toBeUndefined();
    expect(world.reads).toEqual([]);
  });

  test('the least recently used give way in memory, and are asked for again', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    const three = ['a', 'b', 'c'].map((fill) => even(6 * mib, fill));
    await record(ledger, ...three);
    const [first, second, third] = three.map(hashOf);
    const session = ledger.begin(deadline());
    expect(session.predicates([second ?? '', third ?? ''])).toBeUndefined();
    await session.predicates([first ?? '']);
    expect(world.reads).toMatchObject([{ keys: [{ pk: `pred#${first}` }] }]);
    // What the review has found stays with it.
    expect([first, second, third].every((hash) => session.predicate(hash ?? '') !== undefined)).toBe(true);
  });

  test('reviews that hold what gave way in memory hold one and the same', async () => {
    const ledger = createWorld().ledger();
    const [one = small, ...others] = ['a', 'b', 'c'].map((fill) => even(6 * mib, fill));
    const first = await record(ledger, one);
    await record(ledger, ...others);
    const second = ledger.begin(deadline());
    await second.predicates([hashOf(one)]);
    expect(first.predicate(hashOf(one))?.length).toBe(one.length);
    expect(second.predicate(hashOf(one))).toBe(first.predicate(hashOf(one)));
  });

  test('a review takes 64 MiB from the table and no more: the rest are misses, counted', async () => {
    const world = createWorld();
    const nine = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((fill) => even(8 * mib, fill));
    await record(world.ledger(), ...nine);
    const found = await read(world.ledger(), ...nine);
    expect(found.map((bytes) => bytes?.length)).toEqual([...Array(8).fill(8 * mib), undefined]);
    expect(world.counted).toEqual(['ledger-unprocessed']);
  });
});

describe('an item that is not the predicate is a miss, and counted', () => {
  async function spoiled(spoil: (found: ReadItem) => ReadItem) {
    const inner = memoryTable({ clock: () => start, maxSize: 100 });
    const table = tableWith(inner, (key, found) => (key.pk === `pred#${hashOf(small)}` ? spoil(found) : found));
    const world = createWorld({ table });
    await record(world.ledger(), small, large);
    const [one, other] = await read(world.ledger(), small, large);
    expect(same(other, large)).toBe(true);
    return { found: one, counted: world.counted };
  }

  test('as we wrote it: a hit, and nothing counted', async () => {
    expect(await spoiled((found) => found)).toEqual({ found: new Uint8Array(small), counted: [] });
  });

  test('packed otherwise, by whomever: what has the hash is the predicate', async () => {
    expect((await spoiled(() => ({ body: brotliCompressSync(small) }))).found).toEqual(new Uint8Array(small));
  });

  test.each([
    ["another predicate's bytes", () => ({ body: brotliCompressSync(Buffer.from('{}')) }), 'hash'],
    ['nothing, packed', () => ({ body: brotliCompressSync(Buffer.alloc(0)) }), 'hash'],
    ['bytes that are not packed', () => ({ body: small }), 'malformed'],
    ['bytes cut short', () => ({ body: brotliCompressSync(small).subarray(0, -4) }), 'malformed'],
    ['no bytes', () => ({ body: new Uint8Array() }), 'malformed'],
    ['a text', () => ({ body: brotliCompressSync(small).toString('base64') }), 'malformed'],
    ['a number', () => ({ body: 7 }), 'malformed'],
    ['nothing', () => ({}), 'malformed'],
    ['more than an item holds', () => ({ body: noise(maxPackedBytes + 1) }), 'malformed'],
    ['a bomb', () => ({ body: brotliCompressSync(even(maxPredicateBytes + 1, ' ')) }), 'too-large'],
  ])('%s', async (_, spoil, reason) => {
    expect(await spoiled(spoil)).toEqual({
      found: undefined,
      counted: [`ledger-item-refused item=predicate reason=${reason}`],
    });
  });

  test('one that the table leaves unread', async () => {
    expect(await spoiled(() => 'unprocessed')).toEqual({ found: undefined, counted: ['ledger-unprocessed'] });
  });
});

describe('one that is too large is not cached, and never cut', () => {
  test.each([
    ['over 8 MiB', even(maxPredicateBytes + 1, 'a')],
    ['over an item, packed', noise(maxPackedBytes)],
  ])('%s: not written, and counted', async (_, bytes) => {
    const world = createWorld();
    await record(world.ledger(), bytes);
    expect(world.written).toEqual([]);
    expect(world.counted).toEqual(['ledger-item-refused item=predicate reason=too-large']);
    expect(await read(world.ledger(), bytes)).toEqual([undefined]);
  });

  test.each([
    ['8 MiB', even(maxPredicateBytes, 'a')],
    ['as much as an item holds, packed', noise(maxPackedBytes - 100)],
  ])('%s: written and read', async (_, bytes) => {
    const world = createWorld();
    await record(world.ledger(), bytes);
    const [found] = await read(world.ledger(), bytes);
    expect(found?.length).toBe(bytes.length);
    expect(world.counted).toEqual([]);
  });

  test('2 MiB a review are written, packed; those for which there is no room are counted', async () => {
    const world = createWorld();
    const predicates = [...Array.from({ length: 7 }, () => noise(300_000)), small];
    const session = await record(world.ledger(), ...predicates);
    expect(world.written).toHaveLength(7);
    expect(world.counted).toEqual(['ledger-item-refused item=predicate reason=too-many']);
    expect(predicates.every((bytes) => session.predicate(hashOf(bytes)) !== undefined)).toBe(true);
    expect((await read(world.ledger(), ...predicates)).filter((bytes) => bytes === undefined)).toHaveLength(1);
  });
});

describe('how long it lives', () => {
  test('as long as a verification that names it can live, whatever the TTL', async () => {
    const world = createWorld();
    await record(world.ledger({ ttlMs: 1000 }), small);
    expect(world.written[0]?.deleteAt).toBeGreaterThanOrEqual((start + 24 * hour) / 1000);
    world.time.now += 24 * hour;
    expect(await read(world.ledger(), small)).toEqual([new Uint8Array(small)]);
  });

  test('it is written again in time for a later verification that names it, and not before', async () => {
    const world = createWorld();
    const [writer, reader] = [world.ledger(), world.ledger()];
    await record(writer, small);
    await read(reader, small);
    world.time.now += 23 * hour;
    for (const ledger of [writer, reader]) await record(ledger, small);
    expect(world.written).toHaveLength(1);
    world.time.now += 2 * hour;
    await record(reader, small);
    expect(world.written).toHaveLength(2);
    expect(world.written[1]?.deleteAt).toBe(Math.ceil(world.time.now / 1000) + 48 * 3600);
  });

  test('reviews that find it at the same time write it once', async () => {
    const world = createWorld();
    const ledger = world.ledger();
    await Promise.all(Array.from({ length: 20 }, () => record(ledger, small)));
    expect(world.written).toHaveLength(1);
  });

  test('one that could not be written is written again, half a minute later', async () => {
    let down = true;
    const inner = memoryTable({ clock: () => start, maxSize: 100 });
    const write: Table['write'] = (items, options) =>
      down ? Promise.reject(new Error('down')) : inner.write(items, options);
    const world = createWorld({ table: { ...inner, write } });
    const ledger = world.ledger();
    await record(ledger, small);
    expect(world.counted).toEqual(['ledger-write-failed']);
    down = false;
    world.time.now += 30_000;
    await record(ledger, small);
    expect(await read(world.ledger(), small)).toEqual([new Uint8Array(small)]);
  });
});

describe('a table that is down: a miss, counted, and no one fails', () => {
  const broken = new Error('no table');
  const rejecting: Partial<Table> = { read: () => Promise.reject(broken), write: () => Promise.reject(broken) };
  const throwing: Partial<Table> = {
    read() {
      throw broken;
    },
    write() {
      throw broken;
    },
  };
  const silent: Partial<Table> = {
    read: () => new Promise(() => undefined),
    write: () => new Promise(() => undefined),
  };

  test.each([
    ['rejects', rejecting],
    ['throws', throwing],
    ['is silent', silent],
  ])('%s', async (_, failing) => {
    const inner = memoryTable({ clock: () => start, maxSize: 100 });
    const world = createWorld({ table: { ...inner, ...failing } });
    const ledger = world.ledger();
    const session = ledger.begin(deadline());
    const asked = session.predicates([hashOf(small)]);
    passTime(500);
    await asked;
    expect(session.predicate(hashOf(small))).toBeUndefined();
    expect(world.counted).toEqual(['ledger-read-failed']);
    session.recordPredicate(hashOf(small), small, check);
    const flushed = session.flush();
    passTime(150);
    await flushed;
    expect(world.counted).toEqual(['ledger-read-failed', 'ledger-write-failed']);
    // What it says never changes, so memory may answer for it.
    expect(await read(ledger, small)).toEqual([new Uint8Array(small)]);
  });

  test('what was read before it failed stays read', async () => {
    const inner = memoryTable({ clock: () => start, maxSize: 100 });
    let reads = 0;
    const table: Table = {
      ...inner,
      read(keys, options) {
        reads += 1;
        if (reads > 1) throw broken;
        return inner.read(keys, options);
      },
    };
    const world = createWorld({ table });
    const predicates = Array.from({ length: 30 }, (_, at) => Buffer.from(`{"at":${at}}`));
    await record(world.ledger(), ...predicates);
    const found = await read(world.ledger(), ...predicates);
    expect(found.filter((bytes) => bytes !== undefined)).toHaveLength(25);
    expect(world.counted).toEqual(['ledger-read-failed']);
  });
});

test('a predicate that is slow to be written holds up nothing else that is', async () => {
  const inner = memoryTable({ clock: () => start, maxSize: 100 });
  const table: Table = {
    ...inner,
    write: (items, options) =>
      items.some(({ sk }) => sk === 'pred') ? new Promise(() => undefined) : inner.write(items, options),
  };
  const world = createWorld({ table });
  const session = world.ledger().begin(deadline());
  await session.point([{ repository: app, tag: 'v1', credentials: ownCredentials, checks: [check] }]);
  session.recordPointer(app, 'v1', ownCredentials, digestA);
  session.recordPredicate(hashOf(small), small, check);
  const flushed = session.flush();
  passTime(150);
  await flushed;
  expect(world.counted).toEqual(['ledger-write-failed']);
  expect((await admit(world.ledger())).pointer).toBe(digestA);
});
