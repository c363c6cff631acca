import type { Claim } from '../evidence/evidence.ts';
import type { Objection } from './anchor-judge.ts';
import type { Signature } from './signature.ts';

type Annotations = Readonly<Record<string, string>>;

export interface ClaimObjection extends Objection {
  readonly reason: 'other-image' | 'annotation-mismatch';
}

/** Why no claim of the signature is about its image, with the annotations wanted; `undefined` when one is. */
export function claimObjection({ claims, image }: Signature, annotations: Annotations): ClaimObjection | undefined {
  const ours = claims.filter((claim) => claim.digest === image.digest);
  if (ours.length === 0) {
    const [other] = claims;
    return { reason: 'other-image', message: `is for ${other?.digest ?? 'another digest'}, not for this image` };
  }
  const lacking = ours.map((claim) => lackingAnnotation(claim, annotations));
  if (lacking.includes(undefined)) return undefined;
  const wanted = lacking[0] ?? '';
  return { reason: 'annotation-mismatch', message: `lacks the annotation ${wanted}=${annotations[wanted] ?? ''}` };
}

/** The name of the first wanted annotation that the claim has not, or has with another value. */
function lackingAnnotation(claim: Claim, wanted: Annotations): string | undefined {
  return Object.entries(wanted).find(
    ([name, value]) => !Object.hasOwn(claim.annotations, name) || claim.annotations[name] !== value,
  )?.[0];
}
