import type { AttachedAttestation, AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import type { Attestation, Claim, SignatureEvidence, Signed } from '../evidence.ts';
import { attestedHash, signatureHash } from '../hash.ts';
import { Malformed } from '../malformed.ts';
import { readCose } from './cose.ts';
import { readJws } from './jws.ts';
import { cose } from './media-types.ts';
import { readPayload } from './payload.ts';

/** What an envelope says, whatever it is attached to. */
interface Read {
  readonly signed: Extract<Signed, { readonly format: 'notary' }>;
  readonly claims: readonly Claim[];
  readonly hash: string;
}

/** A signature of the image; or, where it was attached to an attestation, that attestation. Throws Malformed. */
export function* readNotaryEvidence(item: AttachedItem): Slices<SignatureEvidence<'notary-signature'> | Attestation> {
  return item.attested === undefined ? yield* readNotarySignature(item) : yield* readAttestation(item, item.attested);
}

/**
 * A Notary Project signature (notaryproject/specifications, signature-specification.md): the format's rules are asked, the certificates
 * are not looked at, and nothing is verified. Throws Malformed.
 */
export function* readNotarySignature(item: AttachedItem): Slices<SignatureEvidence<'notary-signature'>> {
  const { repository, layer } = item;
  return { kind: 'notary-signature', repository, layer: layer.digest, ...(yield* read(item)) };
}

/** Whether the payload names the attestation is for whoever verifies. */
function* readAttestation(item: AttachedItem, attested: AttachedAttestation): Slices<Attestation> {
  const { type: predicateType, manifest, subject, layer, bytes: predicate } = attested;
  const { signed, claims, hash } = yield* read(item);
  return {
    kind: 'attestation',
    carrier: 'notary-signature',
    repository: item.repository,
    layer,
    predicateType,
    stated: { signed: { ...signed, attested: { manifest, subject, predicate } }, claims },
    hash: attestedHash(hash, attested),
  };
}

function* read({ layer, bytes }: AttachedItem): Slices<Read> {
  const envelope = layer.mediaType === cose ? yield* readCose(bytes) : yield* readJws(bytes);
  const { algorithm, attributes, message, signature, certificates, timestampToken } = envelope;
  if (certificates.length === 0) throw new Malformed('the envelope has no certificates');
  const { claim, artifact } = yield* readPayload(envelope.payload);
  const material = { certificates, timestamps: [], logEntries: [] };
  const signed = {
    format: 'notary',
    algorithm,
    message,
    attributes,
    artifact,
    timestampToken,
    signature,
    material,
  } as const;
  return { signed, claims: [claim], hash: signatureHash(signed) };
}
