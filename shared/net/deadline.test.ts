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
  expect(signal.reason).toMatchObject({ code: 'deadline', kind: 'unavailable' });
  expect(deadline.remaining()).toBe(0);
});

test('once stopped it aborts no more, whenever its signal was first asked for', async () => {
  // The clock stands still, so that only a timer could abort.
  const before = startDeadline(1, () => 0);
  const { signal } = before;
  before.stop();
  const after = startDeadline(1, () => 0);
  after.stop();
  expect(after.signal.aborted).toBe(false);
  // Timers fire in the order of their ends: one of theirs would have fired before this one.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([signal.aborted, after.signal.aborted]).toEqual([false, false]);
});
