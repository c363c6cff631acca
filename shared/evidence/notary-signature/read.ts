import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import type { SignatureEvidence, Signed } from '../evidence.ts';
import { signatureHash } from '../hash.ts';
import { Malformed } from '../malformed.ts';
import { readCose } from './cose.ts';
import { readJws } from './jws.ts';
import { cose } from './media-types.ts';
import { readPayload } from './payload.ts';

/**
 * A Notary Project signature (notaryproject/specifications, signature-specification.md): the format's rules are asked, the certificates
 * are not looked at, and nothing is verified. Throws Malformed.
 */
export function* readNotarySignature(item: AttachedItem): Slices<SignatureEvidence<'notary-signature'>> {
  const { repository, layer, bytes } = item;
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
  };
  const hash = signatureHash(signed);
  return { kind: 'notary-signature', repository, layer: layer.digest, signed, claims: [claim], hash };
}
