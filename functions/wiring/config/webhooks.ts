import { defaultReviewImages, parseReviewImages } from '../../../shared/registry/allowance.ts';
import type { Settings } from './settings.ts';

/** Of a function that answers reviews. */
export interface WebhooksConfig {
  /** Secret with the webhook tokens: a JSON object, cluster to a list of one or two tokens. */
  readonly tokensSecret: string;
  /** Distinct images that one review may ask about. */
  readonly maxImages: number;
}

export function webhooksConfig(settings: Settings): WebhooksConfig {
  return { tokensSecret: settings.required('TOKENS_SECRET'), maxImages: maxImagesFrom(settings) };
}

/** A whole number; the bound of slots in one object is 1000. */
function maxImagesFrom(settings: Settings): number {
  const text = settings.optional('MAX_IMAGES');
  if (text === undefined) return defaultReviewImages;
  const images = parseReviewImages(text);
  if (images === undefined) settings.problems.push(`MAX_IMAGES: '${text}' is not a whole number from 1 to 1000`);
  return images ?? defaultReviewImages;
}
