import { type ImageReference, parseReference } from '../image/reference.ts';
import { Refusal } from '../reasons.ts';

/** That what a registry says of an image cannot be had, where the object said which image that is. */
export class ChosenImageRefusal extends Refusal {
  readonly reference: string;

  constructor(reference: string, cause: Refusal) {
    super(cause.reason, cause.message, { cause, late: cause.late });
    this.reference = reference;
  }
}

/**
 * What a refusal says of one of the object's images. An image whose own registry is down cannot be pulled either; one that is elsewhere can,
 * so that an author who names a failing registry beside it would choose what failurePolicy Ignore admits.
 */
export function refusalFor(image: ImageReference | undefined, refusal: Refusal): Refusal {
  if (!(refusal instanceof ChosenImageRefusal) || refusal.kind !== 'unavailable') return refusal;
  const parsed = parseReference(refusal.reference);
  const isThere = !('problem' in parsed) && parsed.reference.repository.registry === image?.repository.registry;
  if (isThere) return refusal;
  const told = `${refusal.message} (${refusal.reason}); the object names it, and this image is elsewhere`;
  return new Refusal('registry-not-named', told, { cause: refusal });
}
