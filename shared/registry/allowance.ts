import { Refusal } from '../reasons.ts';

/** Bytes that one review may fetch, over all its images. */
export const reviewBytes = 64 * 1024 * 1024;

/** Distinct images that one review may ask about: 999 in a Pod's `containers` would starve the one in its `initContainers`. */
export const defaultReviewImages = 64;

/** That bound as a setting: a whole number from 1 to 1000, the most images that one object may name. `undefined`: none of these. */
export function parseReviewImages(text: string): number | undefined {
  const images = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return images >= 1 && images <= 1000 ? images : undefined;
}

/** Takes bytes from what one review may fetch; throws Refusal `review-too-large`. `bytes` replaces the default bound. */
export function byteBudget(bytes: number = reviewBytes): (count: number) => void {
  let left = bytes;
  return (count) => {
    left -= count;
    if (left < 0) throw new Refusal('review-too-large', `this review would fetch more than ${bytes} bytes`);
  };
}
