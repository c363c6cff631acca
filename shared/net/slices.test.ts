import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Slices } from '../slices.ts';
import { inSlices, type Slicing } from './slices.ts';
import { spending } from './testing/spending.ts';

/** The clock of a test: it stands still but for slices. */
const time = { now: 0 };

/** Work of `count` slices, each of which takes `each` milliseconds. `done` counts them. */
function working(count: number, each = 1) {
  const work = { done: 0, slices: slices() };
  function* slices(): Slices<string> {
    while (work.done < count) {
      time.now += each;
      work.done += 1;
      yield;
    }
    return 'done';
  }
  return work;
}

const by = (review: object): Slicing => ({
  deadline: spending().deadline,
  elapsed: () => time.now,
  review,
  what: 'the signatures were verified',
});

/** What `look` sees in each turn of the event loop until all of the work is done. */
async function turnsUntil<T>(all: readonly Promise<unknown>[], look: () => T): Promise<T[]> {
  const seen = [look()];
  let running = true;
  void Promise.all(all).finally(() => {
    running = false;
  });
  while (running) {
    await nextTurn();
    seen.push(look());
  }
  return seen;
}

// What the slices of one test took belongs to its turns alone.
beforeEach(async () => {
  await nextTurn();
  await nextTurn();
});

const steepest = (seen: readonly number[]) => Math.max(...seen.map((done, turn) => done - (seen[turn - 1] ?? 0)));

test('others have their turn after 10 ms of slices, and short work is not held up', async () => {
  const work = working(100);
  const result = inSlices(work.slices, by({}));
  const seen = await turnsUntil([result], () => work.done);
  expect(steepest(seen)).toBe(10);
  await expect(result).resolves.toBe('done');
});

test('short work is done where it begins', async () => {
  const short = working(9);
  const result = inSlices(short.slices, by({}));
  expect(short.done).toBe(9);
  await expect(result).resolves.toBe('done');
});

test('however many reviews compute at once, one turn has 10 ms of slices in all, and each review its part of them', async () => {
  const works = Array.from({ length: 20 }, () => working(10, 2));
  const results = works.map((work) => inSlices(work.slices, by({})));
  const seen = await turnsUntil(results, () => works.map(({ done }) => done));
  expect(steepest(seen.map((all) => all.reduce((sum, done) => sum + done, 0)))).toBe(5);
  // Whoever came first had the turn in which it came to itself.
  for (const all of seen) expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(5);
});

test('a review with little to compute does not wait for those with much, however many works they have', async () => {
  const [large, larger] = [{}, {}];
  const hostile = Array.from({ length: 20 }, (_, index) => ({ work: working(50, 8), of: index < 10 ? large : larger }));
  const results = hostile.map(({ work, of }) => inSlices(work.slices, by(of)));
  await nextTurn();
  const small = working(3);
  const result = inSlices(small.slices, by({}));
  const seen = await turnsUntil([result], () => small.done);
  expect(seen.length).toBeLessThanOrEqual(3);
  expect(hostile.every(({ work }) => work.done < 50)).toBe(true);
  await Promise.all(results);
});

test('what several reviews wait for goes by the one whose slices have taken the least, and counts for each of them', async () => {
  const [heavy, small] = [{}, {}];
  const others = Array.from({ length: 10 }, () => working(50, 8));
  const results = others.map(({ slices }) => inSlices(slices, by(heavy)));
  await nextTurn();
  const riders = new Set<object>();
  const shared = working(9);
  const result = inSlices(shared.slices, { ...by(heavy), riders: () => riders });
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  // By the place of the review that began it, it waits behind all the rest of that one's.
  expect(shared.done).toBe(0);
  riders.add(small);
  const seen = await turnsUntil([result], () => shared.done);
  expect(seen.length).toBeLessThanOrEqual(3);
  // Whoever has computed nothing yet goes before the one that has waited for all of it.
  const order: string[] = [];
  function* noting(name: string): Slices<void> {
    for (let slice = 0; slice < 3; slice += 1) {
      order.push(name);
      time.now += 1;
      yield;
    }
  }
  await Promise.all([inSlices(noting('small'), by(small)), inSlices(noting('fresh'), by({}))]);
  expect(order).toEqual(['fresh', 'fresh', 'fresh', 'small', 'small', 'small']);
  await Promise.all(results);
});

test('work that waits is told whether it is behind its own review’s, and for how long it has waited', async () => {
  const [heavy, small] = [{}, {}];
  const began = time.now;
  const told = (review: object) => {
    const heard = { waited: 0, crowded: 0 };
    const deadline = { ...by(review).deadline, remaining: () => 10_000 - (time.now - began) };
    const slicing = {
      ...by(review),
      deadline,
      waited: () => (heard.waited += 1),
      crowded: (ms: number) => (heard.crowded = ms),
    };
    return { heard, slicing };
  };
  const [first, behind, alone, quick] = [told(heavy), told(heavy), told(small), told({})];
  const done = [inSlices(working(30).slices, first.slicing), inSlices(working(30).slices, behind.slicing)];
  expect([first.heard.waited, behind.heard.waited]).toEqual([0, 1]);
  done.push(inSlices(working(3).slices, alone.slicing));
  await Promise.all(done);
  expect([alone.heard.waited, alone.heard.crowded]).toEqual([0, 0]);
  expect(behind.heard.crowded).toBeGreaterThanOrEqual(30);
  await nextTurn();
  await inSlices(working(3).slices, quick.slicing);
  expect(quick.heard).toEqual({ waited: 0, crowded: 0 });
});

test('it ends with the deadline, and says what was computed', async () => {
  const work = working(1_000_000);
  const { deadline: running } = spending();
  const began = time.now;
  const deadline = { signal: running.signal, remaining: () => Math.max(0, 50 - (time.now - began)) };
  await expect(inSlices(work.slices, { ...by({}), deadline })).rejects.toMatchObject({
    reason: 'deadline',
    message: 'the time ended while the signatures were verified',
  });
  expect(work.done).toBeLessThan(70);
});

test('what throws rejects, and leaves the others waiting', async () => {
  const error = new Error('broken');
  function* broken(): Slices<never> {
    time.now += 20;
    yield;
    throw error;
  }
  const thrown = inSlices(broken(), by({}));
  const result = inSlices(working(30).slices, by({}));
  await expect(thrown).rejects.toBe(error);
  await expect(result).resolves.toBe('done');
});
