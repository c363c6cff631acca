import type { Deadline } from '../net/deadline.ts';
import { Refusal } from '../reasons.ts';
import type { Allowance } from './registry.ts';

/** Bytes that one review may fetch, over all its images. */
const reviewBytes = 64 * 1024 * 1024;

/** What one review may use up; `bytes` replaces the default bound. */
export function reviewAllowance(deadline: Deadline, bytes: number = reviewBytes): Allowance {
  let left = bytes;
  return {
    deadline,
    take(count) {
      left -= count;
      if (left < 0) throw new Refusal('review-too-large', `this review would fetch more than ${bytes} bytes`);
    },
    sent() {},
  };
}
