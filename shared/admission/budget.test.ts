import { reviewTime } from './budget.ts';

const ample = 60_000;
const reviewBudget = (timeout: string | undefined, remaining: number, asked = 30) =>
  reviewTime(timeout, asked, remaining).budget;

test.each([
  ['10s', 8_700],
  ['1s', 500],
  ['2s', 1_000],
  ['3s', 1_700],
  ['30s', 28_700],
  ['0m5s', 3_700],
  ['500ms', 250],
  ['1.5s', 750],
  ['1500000µs', 750],
])('of %s a review has %d ms', (timeout, budget) => {
  expect(reviewBudget(timeout, ample)).toBe(budget);
});

test.each([undefined, '', '0s', '10', 's', '-5s', '5 s', '5s5', 'ten', '1e3s', '9'.repeat(40)])(
  '%s is no timeout: what the rules ask is assumed',
  (timeout) => {
    expect(reviewTime(timeout, 10, ample)).toEqual({ budget: 8_700, shortage: undefined });
    expect(reviewTime(timeout, 5, ample)).toEqual({ budget: 3_700, shortage: undefined });
  },
);

test('no webhook waits over 30 s, whatever the query says', () => {
  for (const timeout of ['1m0s', '1h', '999999999999h']) expect(reviewBudget(timeout, ample)).toBe(28_700);
});

test('the answer goes out before the function ends', () => {
  expect(reviewBudget('10s', 3_000)).toBe(2_800);
  expect(reviewBudget('10s', 100)).toBe(0);
  expect(reviewBudget('10s', Number.POSITIVE_INFINITY)).toBe(8_700);
});

test('a call is given no longer than the rules ask, and one that leaves less falls short', () => {
  expect(reviewTime('30s', 10, ample)).toEqual({ budget: 8_700, shortage: undefined });
  expect(reviewTime('10s', 10, ample)).toEqual({ budget: 8_700, shortage: undefined });
  expect(reviewTime('1s', 10, ample)).toEqual({ budget: 500, shortage: { left: 1_000, asked: 10_000 } });
  expect(reviewTime('9999ms', 10, ample).shortage).toEqual({ left: 9_999, asked: 10_000 });
  // No API server waits longer than 30 s, whatever a policy asks.
  expect(reviewTime('30s', 60, ample)).toEqual({ budget: 28_700, shortage: undefined });
  // What the function lacks is not the caller's doing.
  expect(reviewTime('10s', 10, 700)).toEqual({ budget: 500, shortage: undefined });
});
