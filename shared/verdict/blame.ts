import { blameCaller, type Shortage } from '../admission/budget.ts';
import type { Repository } from '../image/repository.ts';
import { isNonsense } from '../net/failure.ts';
import { Refusal } from '../reasons.ts';
import { attachedTooSlow } from '../registry/attached.ts';
import { ifLetIn } from '../registry/not-readable.ts';
import type { Inquiry } from './inquiry.ts';

/** What is known of a review as a whole, by which it is told whose doing a failure is. */
export interface Circumstances {
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage: Shortage | undefined;
  /** Distinct images that the review asks about. */
  readonly images: number;
  /** Milliseconds that the review had. */
  readonly budget: number;
}

/** Of the review's time, how much an image may have waited for the object's others before a late end is the object's own doing. */
const ownWait = 0.1;

/**
 * Whose doing it is that an image, or what is attached to it, could not be read. What an author brought about is a denial, or
 * failurePolicy Ignore would be theirs to use: they gave the call too little time, attached too much, named so many images that this
 * one waited for the others, or chose the registry that failed.
 */
export function blame(inquiry: Inquiry, refusal: Refusal, { shortage, images, budget }: Circumstances): Refusal {
  if (refusal.kind !== 'unavailable' || refusal.code === 'internal-error') return refusal;
  const { message, code } = refusal;
  const cause = { cause: refusal };
  if (refusal.late) {
    const { image, target } = inquiry;
    if (shortage !== undefined) return blameCaller(refusal, shortage);
    // Its registry has answered for the image, so what is late is late by the size or number of what is attached.
    if (code === 'deadline' && image !== undefined)
      return attachedTooSlow(target.reference.repository, image.digest, 'takes too long to read', refusal);
    if (images > 1 && (inquiry.waited || inquiry.heldUp > ownWait * budget)) {
      const told = `${message}; it had waited for the object's other images (${images} in all)`;
      return new Refusal('object-too-slow', told, cause);
    }
  }
  return inquiry.named ? refusal : new Refusal('registry-not-named', `${message} (${code})`, cause);
}

/**
 * The same for a signature repository: one at another registry is the policy's choice, and its outage that registry's. One that has
 * answered for the image lets us in and speaks HTTP: what it refuses us, or answers with nonsense, is about what is attached.
 */
export function blameIn(place: Repository, inquiry: Inquiry, refusal: Refusal, circumstances: Circumstances): Refusal {
  const elsewhere = inquiry.target.reference.repository.registry !== place.registry;
  if (elsewhere) return blame({ ...inquiry, image: undefined, named: true }, refusal, circumstances);
  return blame(inquiry, inquiry.image === undefined ? refusal : ofAttached(refusal), circumstances);
}

function ofAttached(refusal: Refusal): Refusal {
  if (isNonsense(refusal)) return new Refusal('content-missing', refusal.message, { cause: refusal });
  return ifLetIn(refusal);
}
