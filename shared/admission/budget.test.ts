import { reviewBudget } from './budget.ts';

const ample = 60_000;

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
  '%s is no timeout: 10 s are assumed, as the API server does',
  (timeout) => {
    expect(reviewBudget(timeout, ample)).toBe(8_700);
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
