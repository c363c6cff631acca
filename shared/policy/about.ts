import type { ImageSlot } from '../admission/slots.ts';

/**
 * What a question is about: a slot of the object under review, an image reference that someone named without an object, or the object
 * itself where its slots cannot be listed.
 */
export type About =
  | { readonly kind: 'slot'; readonly slot: ImageSlot }
  | { readonly kind: 'reference'; readonly text: string }
  | { readonly kind: 'object' };
