import { quoted } from '../../printable.ts';
import { claimObjection } from '../claims.ts';
import type { Signature } from '../signature.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';

const longestType = 100;

/** Why the payload is not about the image: its descriptor must be the image's, with digest, media type and size (OCI content descriptor). */
export function imageObjection(
  signature: Signature,
  { signed: { artifact } }: Intact,
  annotations: Readonly<Record<string, string>>,
): NotaryObjection | undefined {
  const { image } = signature;
  const digest = claimObjection(signature, {});
  if (digest !== undefined) return digest;
  if (image.bytes === undefined) return objection('other-image', 'is for an image, and what is verified is none');
  const { mediaType = '', bytes } = image;
  if (artifact.mediaType !== mediaType) {
    const types = `${quoted(artifact.mediaType, longestType)}, and the image is of ${quoted(mediaType, longestType)}`;
    return objection('other-image', `is for the image's digest as one of media type ${types}`);
  }
  if (artifact.size !== bytes.length) {
    const sizes = `${artifact.size} bytes, and the image's manifest has ${bytes.length}`;
    return objection('other-image', `is for the image's digest as one of ${sizes}`);
  }
  return claimObjection(signature, annotations);
}
