import { bytesInSlice } from '../net/json-bounds.ts';
import type { AttachedItem } from '../registry/registry.ts';
import type { Slices } from '../slices.ts';
import { type Envelope, signedEnvelope } from './envelope.ts';
import type { Attestation, Material } from './evidence.ts';
import { attestationHash } from './hash.ts';
import type { Keep } from './kind.ts';
import type { Statement } from './statement.ts';

/** An envelope's statement as an attestation; its bytes are kept only where the statement is wanted. */
export function* attestation(
  { repository, layer }: AttachedItem,
  envelope: Envelope,
  { predicateType, claims }: Statement,
  material: Material,
  keep: Keep,
  carrier: Attestation['carrier'],
): Slices<Attestation> {
  const stated = keep(predicateType) ? { signed: signedEnvelope(envelope, material), claims } : undefined;
  if (envelope.payload.length > bytesInSlice) yield;
  const hash = attestationHash(envelope, material);
  return { kind: 'attestation', carrier, repository, layer: layer.digest, predicateType, stated, hash };
}
