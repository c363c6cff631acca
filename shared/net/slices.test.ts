import { setImmediate as nextTurn } from 'node:timers/promises';
import { inSlices } from './slices.ts';
import { spending } from './testing/spending.ts';

/** Work of `count` slices, each of which takes 1 ms by the clock that it moves. */
function working(count: number) {
  const time = { now: 0, done: 0 };
  function* slices(): Generator<undefined, string, undefined> {
    for (; time.done < count; time.done += 1) {
      time.now += 1;
      yield;
    }
    return 'done';
  }
  return { time, slices: slices(), elapsed: () => time.now };
}

test('others have their turn between slices of 10 ms, and short work is not held up', async () => {
  const { time, slices, elapsed } = working(100);
  const seen: number[] = [];
  let running = true;
  const watching = (async () => {
    while (running) {
      seen.push(time.done);
      await nextTurn();
    }
  })();
  await expect(inSlices(slices, { deadline: spending().deadline, elapsed, what: 'nothing' })).resolves.toBe('done');
  running = false;
  await watching;
  expect(seen.filter((done) => done > 0 && done < 100).length).toBeGreaterThanOrEqual(8);

  const short = working(9);
  const result = inSlices(short.slices, { deadline: spending().deadline, elapsed: short.elapsed, what: 'nothing' });
  expect(short.time.done).toBe(9);
  await expect(result).resolves.toBe('done');
});

test('it ends with the deadline, and says what was computed', async () => {
  const { time, slices, elapsed } = working(1_000_000);
  const spent = spending();
  const deadline = { signal: spent.deadline.signal, remaining: () => Math.max(0, 50 - time.now) };
  await expect(inSlices(slices, { deadline, elapsed, what: 'the signatures were verified' })).rejects.toMatchObject({
    reason: 'deadline',
    message: 'the time ended while the signatures were verified',
  });
  expect(time.done).toBeLessThan(70);
});
