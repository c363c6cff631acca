import { blameCaller, type Shortage } from '../admission/budget.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { isHeaderTooLarge, isNonsense } from '../net/failure.ts';
import { Refusal } from '../reasons.ts';
import { ifLetIn } from '../registry/not-readable.ts';
import { attachedTooSlow } from '../registry/reading.ts';
import type { Look } from './look.ts';

/** What is known of a review as a whole, by which it is told whose doing a failure is. */
export interface Circumstances {
  /** Set where the caller gave less time than the rules ask. */
  readonly shortage: Shortage | undefined;
  /** Distinct images that the review asks about. */
  readonly images: number;
  /** What is found out about them. */
  readonly inquiries: readonly Look[];
  /** Milliseconds that the review had. */
  readonly budget: number;
}

/** Bytes that no honest manifest has: one that is late after so many is late by its own size. */
const largeManifest = 64 * 1024;

/** Of the review's time, how much an image may have waited for the object's others, or for other reviews, before a late end comes of that. */
const longWait = 0.1;

/**
 * Whose doing it is that an image, or what is attached to it, could not be read. What an author brought about is a denial, or
 * failurePolicy Ignore would be theirs to use: they gave the call too little time, attached too much, named so many images that this
 * one waited for the others, sent so many reviews that it waited for those, or chose the registry that failed: there even what looks like a defect of ours is brought about by what
 * it answers.
 */
export function blame(inquiry: Look, refusal: Refusal, circumstances: Circumstances): Refusal {
  const { shortage, images } = circumstances;
  if (refusal.kind !== 'unavailable') return refusal;
  // The media type that its author gave it, echoed in a header.
  if (isHeaderTooLarge(refusal)) return new Refusal('malformed-manifest', refusal.message, { cause: refusal });
  const { message, reason } = refusal;
  const cause = { cause: refusal };
  if (refusal.late) {
    const { image, target } = inquiry;
    if (shortage !== undefined) return blameCaller(refusal, shortage);
    // Its registry has answered for the image, so what is late is late by the size or number of what is attached.
    if (reason === 'deadline' && image !== undefined)
      return attachedTooSlow(target.reference.repository, image.digest, 'takes too long to read', refusal);
    if (inquiry.read > largeManifest) {
      const { repository } = target.reference;
      const told = `the manifest of ${repositoryName(repository)} takes too long to read: ${message}`;
      return new Refusal('attached-too-slow', told, cause);
    }
    if (images > 1 && sharedItsTime(inquiry, circumstances)) {
      const told = `${message}; it had waited for the object's other images (${images} in all)`;
      return new Refusal('object-too-slow', told, cause);
    }
    // Whoever may create objects sends as many reviews as they like; the registry was answering them, so it is not down.
    if (inquiry.crowded > longWait * circumstances.budget) {
      return new Refusal('too-many-reviews', `${message}; it had waited for the requests of other reviews`, cause);
    }
  }
  return inquiry.written ? refusal : new Refusal('registry-not-named', `${message} (${reason})`, cause);
}

/**
 * Whether the object's other images used time that this one would have had: it waited for them, or its registry was answering them. A
 * registry that has answered none of them is down.
 */
function sharedItsTime(inquiry: Look, { budget, inquiries }: Circumstances): boolean {
  if (inquiry.waited || inquiry.heldUp > longWait * budget) return true;
  const { registry } = inquiry.target.reference.repository;
  return inquiries.some(
    (other) =>
      other !== inquiry &&
      other.target.reference.repository.registry === registry &&
      (other.heard || other.image !== undefined),
  );
}

/**
 * The same for a signature repository: one at another registry is the policy's choice, and its outage that registry's. One that has
 * answered for the image lets us in and speaks HTTP: what it refuses us, or answers with nonsense, is about what is attached.
 */
export function blameIn(signedIn: Repository, inquiry: Look, refusal: Refusal, circumstances: Circumstances): Refusal {
  const elsewhere = inquiry.target.reference.repository.registry !== signedIn.registry;
  if (elsewhere) return blame({ ...inquiry, image: undefined, named: true, written: true }, refusal, circumstances);
  return blame(inquiry, inquiry.image === undefined ? refusal : ofAttached(refusal), circumstances);
}

function ofAttached(refusal: Refusal): Refusal {
  if (isNonsense(refusal)) return new Refusal('content-missing', refusal.message, { cause: refusal });
  return ifLetIn(refusal);
}
