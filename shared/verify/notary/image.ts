import type { NotaryAttested } from '../../evidence/evidence.ts';
import { quoted } from '../../printable.ts';
import { claimObjection } from '../claims.ts';
import type { Signature } from '../signature.ts';
import type { Intact } from './integrity.ts';
import { type NotaryObjection, objection } from './objection.ts';

const longestType = 100;

/** What a payload must describe: digest, media type and size must all be its own (OCI content descriptor). */
interface Described {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
}

/** Why the payload is not about the image, or about an attestation of the image where it was attached to one. */
export function imageObjection(
  signature: Signature,
  intact: Intact,
  annotations: Readonly<Record<string, string>>,
): NotaryObjection | undefined {
  const { image } = signature;
  const { attested } = intact.signed;
  if (attested !== undefined) return attestationObjection(signature, intact, attested);
  const digest = claimObjection(signature, {});
  if (digest !== undefined) return digest;
  const size = image.bytes === undefined ? image.size : image.bytes.length;
  if (size === undefined) return objection('other-image', 'is for an image, and what is verified is none');
  const described = { digest: image.digest, mediaType: image.mediaType ?? '', size };
  return descriptorObjection(intact, described, 'image') ?? claimObjection(signature, annotations);
}

/** It has no annotations that anybody could ask for: conditions are asked of what it states. */
function attestationObjection(
  { image, claims }: Signature,
  intact: Intact,
  { manifest, subject }: NotaryAttested,
): NotaryObjection | undefined {
  if (subject !== image.digest) {
    return objection('other-image', `is of an attestation of ${subject}, not of one of this image`);
  }
  if (claims.length === 0 || claims.some(({ digest }) => digest !== manifest.digest)) {
    const other = claims[0]?.digest ?? 'another digest';
    return objection(
      'other-image',
      `is for ${other}, not for the attestation ${manifest.digest} that it is attached to`,
    );
  }
  return descriptorObjection(intact, manifest, 'attestation');
}

/** Of a payload that names the digest. */
function descriptorObjection(
  { signed: { artifact } }: Intact,
  { mediaType, size }: Described,
  what: 'image' | 'attestation',
): NotaryObjection | undefined {
  if (artifact.mediaType !== mediaType) {
    const types = `${quoted(artifact.mediaType, longestType)}, and the ${what} is of ${quoted(mediaType, longestType)}`;
    return objection('other-image', `is for the ${what}'s digest as one of media type ${types}`);
  }
  if (artifact.size !== size) {
    const sizes = `${artifact.size} bytes, and the ${what}'s manifest has ${size}`;
    return objection('other-image', `is for the ${what}'s digest as one of ${sizes}`);
  }
  return undefined;
}
