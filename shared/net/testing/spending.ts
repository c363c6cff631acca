import { Refusal } from '../../reasons.ts';
import type { Spending } from '../spending.ts';

export interface TestSpending extends Spending {
  /** Requests sent and bytes taken so far. */
  readonly spent: { requests: number; bytes: number };
  /** How often a request was told to wait behind others of this review. */
  readonly waits: () => number;
  /** Ends the time, as a deadline does. */
  end(): void;
}

/** Time and bytes for a test: `remaining` milliseconds, which do not pass by themselves, and a bound in bytes. */
export function spending({ remaining = 10_000, bytes = 64 * 1024 * 1024 } = {}): TestSpending {
  const controller = new AbortController();
  const spent = { requests: 0, bytes: 0 };
  let waits = 0;
  return {
    deadline: {
      signal: controller.signal,
      remaining: () => (controller.signal.aborted ? 0 : remaining),
    },
    take(count) {
      spent.bytes += count;
      if (spent.bytes > bytes) throw new Refusal('review-too-large', `over ${bytes} bytes`);
    },
    sent() {
      spent.requests++;
    },
    review: {},
    waited() {
      waits++;
    },
    spent,
    waits: () => waits,
    end: () => controller.abort(),
  };
}
