import { memoryTable } from './memory-table.ts';
import { admit, app, ask, createWorld, deadline, digestA, digestB, signatures, start } from './testing/world.ts';

const options = { consistent: true, signal: deadline().signal };
const day = 24 * 3_600_000;

test('an item is replaced by the next of its key, and what is not there is absent', async () => {
  const table = memoryTable({ clock: () => start, maxSize: 10 });
  const key = { pk: 'img#a', sk: 'check#1' };
  table.write([{ ...key, body: 'old', deleteAt: 1 }], options);
  table.write([{ ...key, body: 'new', deleteAt: 1 }], options);
  const found = await table.read([key, { pk: 'img#a', sk: 'check#2' }, { pk: 'gen#a', sk: 'gen' }], options);
  expect(found).toEqual([{ ...key, body: 'new', deleteAt: 1 }, 'absent', 'absent']);
});

test('the least recently used items give way, by number and by bytes; generations do not', async () => {
  const table = memoryTable({ clock: () => start, maxSize: 2 });
  const item = (pk: string, body = '') => ({ pk, sk: 'check#1', body, deleteAt: 1 });
  const left = async () =>
    (
      await table.read(
        ['a', 'b', 'c', 'd', 'e'].map((pk) => item(pk)),
        options,
      )
    ).map((found) => found !== 'absent');
  table.write([{ pk: 'gen#a', sk: 'gen', body: 'g', deleteAt: start }], options);
  table.write(
    ['a', 'b', 'c', 'd', 'e'].map((pk) => item(pk)),
    options,
  );
  expect(await left()).toEqual([false, true, true, true, true]);
  const big = 'x'.repeat(15 * 1024 * 1024);
  table.write([item('a', big), item('b', big), item('c', big)], options);
  expect((await left()).filter(Boolean)).toHaveLength(2);
  expect(await table.read([{ pk: 'gen#a', sk: 'gen' }], options)).toMatchObject([{ body: 'g' }]);
});

test('predicates stand apart: the largest of them take the place of one another, and of nothing else', async () => {
  const table = memoryTable({ clock: () => start, maxSize: 100 });
  const predicate = (at: number) => ({ pk: `pred#${at}`, sk: 'pred', body: new Uint8Array(390_000), deleteAt: 1 });
  const verification = { pk: 'img#a', sk: 'check#1', body: 'v', deleteAt: 1 };
  const many = memoryTable({ clock: () => start, maxSize: 10_000 });
  for (const one of [table, many]) {
    one.write([verification], options);
    for (let at = 0; at < 200; at += 1) one.write([predicate(at)], options);
    expect(await one.read([verification], options)).toEqual([verification]);
  }
  const left = async (one: typeof table) => {
    const keys = Array.from({ length: 200 }, (_, at) => ({ pk: `pred#${at}`, sk: 'pred' }));
    return (await one.read(keys, options)).filter((found) => found !== 'absent').length;
  };
  expect(await left(table)).toBe(100);
  expect(await left(many)).toBe(Math.floor((64 * 1024 * 1024) / 390_500));
});

test('pointers, however many, take nothing from verifications', async () => {
  const table = memoryTable({ clock: () => start, maxSize: 2 });
  const verified = { pk: 'img#a', sk: 'check#1', body: 'v', deleteAt: 1 };
  const pointers = Array.from({ length: 9 }, (_, index) => ({
    pk: `tag#${index}`,
    sk: 'pointer',
    body: '',
    deleteAt: 1,
  }));
  table.write([verified, ...pointers], options);
  const found = await table.read([verified, ...pointers], options);
  expect(found[0]).toEqual(verified);
  expect(found.slice(1).map((one) => one !== 'absent')).toEqual([...Array(7).fill(false), true, true]);
});

describe('generations at their bound', () => {
  function small() {
    const time = { now: start };
    const clock = () => time.now;
    const world = createWorld({ table: memoryTable({ clock, maxSize: 100, maxGenerations: 2 }) });
    return { time, ledger: world.ledger() };
  }

  test('whatever was stored under one that is lost, or under none, is a miss from then on (GEN_LOST)', async () => {
    const { ledger } = small();
    await admit(ledger);
    await ledger.renew(app);
    await admit(ledger);
    expect(await ask(ledger)).toBeDefined();
    await ledger.renew(app, digestB);
    expect(await ask(ledger)).toBeDefined();
    await ledger.renew({ registry: 'registry.example', path: 'third' });
    expect(await ask(ledger)).toBeUndefined();
    expect((await admit(ledger)).pointer).toBeUndefined();
    expect(await ask(ledger)).toBeDefined();
  });

  test('a forgetting is not undone when its generation is lost, nor by a second loss', async () => {
    const { ledger } = small();
    const others = Array.from({ length: 8 }, (_, at) => ({ registry: 'registry.example', path: `other${at}` }));
    await admit(ledger);
    await ledger.renew(signatures, digestA);
    for (const other of others) {
      await ledger.renew(other);
      expect(await ask(ledger)).toBeUndefined();
    }
  });

  test('those whose seven days are over make room first, and cost nobody a miss', async () => {
    const { time, ledger } = small();
    await ledger.renew(app, digestB);
    await ledger.renew(signatures, digestB);
    await admit(ledger);
    time.now = start + 8 * day;
    await ledger.renew({ registry: 'registry.example', path: 'third' });
    expect(await ask(ledger)).toBeDefined();
  });
});
