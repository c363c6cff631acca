import type { Subject } from '../admission/subject.ts';

/** Patterns that are tried in one slice: more than the images of a common object need. */
export const stride = 100;
/** Characters of labels and annotations for which a rule's filters count as one pattern. */
export const charactersATry = 1024;

/** As how many patterns a filter counts that is compared with an object. */
export function triesOf({ size }: Subject): number {
  return size / charactersATry;
}
