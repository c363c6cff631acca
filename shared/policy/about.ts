import type { ImageSlot } from '../admission/slots.ts';

/**
 * What a question is about: a slot of the object under review, an image reference that someone named without an object, or the object
 * itself where its slots cannot be listed.
 */
export type About =
  | { readonly kind: 'slot'; readonly slot: ImageSlot }
  | { readonly kind: 'reference'; readonly text: string }
  | { readonly kind: 'object' };

/** The image as it was written; `undefined`: it is about none. */
export function writtenImage(about: About): string | undefined {
  switch (about.kind) {
    case 'slot':
      return about.slot.text;
    case 'reference':
      return about.text;
    case 'object':
      return undefined;
  }
}
