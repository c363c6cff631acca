import { passTime, startTimers, stopTimers } from '../aws/testing/time.ts';
import { startDeadline } from './deadline.ts';

test('what remains follows the clock and is never negative', () => {
  let now = 1_000;
  const deadline = startDeadline(500, () => now);
  expect(deadline.remaining()).toBe(500);
  now += 200;
  expect(deadline.remaining()).toBe(300);
  now += 1_000;
  expect(deadline.remaining()).toBe(0);
  expect(deadline.signal.aborted).toBe(true);
});

test('the signal aborts when the time has ended, with the reason for users', async () => {
  const deadline = startDeadline(20, Date.now);
  const { signal } = deadline;
  expect(signal.aborted).toBe(false);
  // The deadline's own timer keeps no process alive; this one stands for the work that waits.
  const working = setTimeout(() => {}, 5_000);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  clearTimeout(working);
  expect(signal.reason).toMatchObject({ reason: 'deadline', kind: 'unavailable' });
  expect(deadline.remaining()).toBe(0);
});

describe('once stopped', () => {
  beforeEach(stopTimers);
  afterEach(startTimers);

  test('what is still under way has a second to end, whenever its signal was first asked for', () => {
    const before = startDeadline(60_000, () => 0);
    const { signal } = before;
    before.stop();
    const after = startDeadline(60_000, () => 0);
    after.stop();
    passTime(500);
    expect([signal.aborted, after.signal.aborted]).toEqual([false, false]);
    passTime(1000);
    expect([signal.aborted, after.signal.aborted]).toEqual([true, true]);
  });

  test('and no more than that is left, for whoever would wait for it', () => {
    const deadline = startDeadline(60_000, () => 0);
    const { signal } = deadline;
    expect(deadline.remaining()).toBe(60_000);
    deadline.stop();
    expect([deadline.remaining(), signal.aborted]).toEqual([1000, false]);
  });

  test('no longer than the time that is left, and a second stop gives no more', () => {
    const deadline = startDeadline(100, () => 0);
    const { signal } = deadline;
    deadline.stop();
    passTime(60);
    deadline.stop();
    passTime(60);
    expect(signal.aborted).toBe(true);
  });
});
