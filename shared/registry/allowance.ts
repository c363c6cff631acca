import { Refusal } from '../reasons.ts';
import type { Allowance } from './registry.ts';

/** Bytes that one review may fetch, over all its images. */
export const reviewBytes = 64 * 1024 * 1024;

/** Distinct images that one review may ask about: 999 in a Pod's `containers` would starve the one in its `initContainers`. */
export const defaultReviewImages = 64;

/** That bound as a setting: a whole number from 1 to 1000, the most images that one object may name. `undefined`: none of these. */
export function parseReviewImages(text: string): number | undefined {
  const images = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return images >= 1 && images <= 1000 ? images : undefined;
}

/** Bytes of the manifests and configs of images among them: 128 KB for each of 64 images. */
const imageBytes = 8 * 1024 * 1024;

/** Takes bytes from what one review may fetch; throws Refusal `review-too-large`. `bytes` replaces the default bound. */
export function byteBudget(bytes: number = reviewBytes, what = ''): (count: number) => void {
  let left = bytes;
  return (count) => {
    left -= count;
    if (left < 0) throw new Refusal('review-too-large', `this review would fetch more than ${bytes} bytes${what}`);
  };
}

const budgets = new WeakMap<object, (count: number) => void>();

/** What of an allowance the manifests and the config of an image may use up: beside all else, what the review's images have left. */
export function forImage(allowance: Allowance): Allowance {
  const take = budgets.get(allowance.review) ?? byteBudget(imageBytes, ' of manifests and configs of images');
  budgets.set(allowance.review, take);
  return {
    ...allowance,
    take(count) {
      allowance.take(count);
      take(count);
    },
  };
}
