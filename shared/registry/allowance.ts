import { Refusal } from '../reasons.ts';

/** Bytes that one review may fetch, over all its images. */
const reviewBytes = 64 * 1024 * 1024;

/** Takes bytes from what one review may fetch; throws Refusal `review-too-large`. `bytes` replaces the default bound. */
export function byteBudget(bytes: number = reviewBytes): (count: number) => void {
  let left = bytes;
  return (count) => {
    left -= count;
    if (left < 0) throw new Refusal('review-too-large', `this review would fetch more than ${bytes} bytes`);
  };
}
