import type { AttachedAttestation, AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import type { Attestation, NotaryAttested, SignatureEvidence, Signed } from '../evidence.ts';
import { attestedHash, signatureHash } from '../hash.ts';
import { Malformed } from '../malformed.ts';
import { readCose } from './cose.ts';
import { readJws } from './jws.ts';
import { cose } from './media-types.ts';
import { readPayload } from './payload.ts';

/**
 * A Notary Project signature (notaryproject/specifications, signature-specification.md): the format's rules are asked, the certificates
 * are not looked at, and nothing is verified. One that was attached to an attestation is part of that: whether its payload names it is for
 * whoever verifies. Throws Malformed.
 */
export function* readNotarySignature(item: AttachedItem): Slices<SignatureEvidence<'notary-signature'> | Attestation> {
  const { repository, layer, bytes, attested } = item;
  const envelope = layer.mediaType === cose ? yield* readCose(bytes) : yield* readJws(bytes);
  const { algorithm, attributes, message, signature, certificates, timestampToken } = envelope;
  if (certificates.length === 0) throw new Malformed('the envelope has no certificates');
  const { claim, artifact } = yield* readPayload(envelope.payload);
  const material = { certificates, timestamps: [], logEntries: [] };
  const signed: Signed = {
    format: 'notary',
    algorithm,
    message,
    attributes,
    artifact,
    timestampToken,
    signature,
    material,
    ...(attested === undefined ? {} : { attested: attestedOf(attested) }),
  };
  const hash = signatureHash(signed);
  const claims = [claim];
  if (attested === undefined)
    return { kind: 'notary-signature', repository, layer: layer.digest, signed, claims, hash };
  return {
    kind: 'attestation',
    carrier: 'notary-signature',
    repository,
    layer: attested.layer,
    predicateType: attested.type,
    stated: { signed, claims },
    hash: attestedHash(hash, attested),
  };
}

function attestedOf({ manifest, subject, bytes }: AttachedAttestation): NotaryAttested {
  return { manifest, subject, predicate: bytes };
}
