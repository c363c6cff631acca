import { splitDigest } from '../../image/digest.ts';
import { hashInSlices } from '../../net/hash.ts';
import { bytesInSlice } from '../../net/json-bounds.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import { attestation } from '../attestation.ts';
import { annotatedMaterial } from '../cosign-annotations.ts';
import { readEnvelope, refuseLargeSignatures } from '../envelope.ts';
import type { Attestation, EnvelopeHashes } from '../evidence.ts';
import { parseJsonObject } from '../json.ts';
import type { Keep } from '../kind.ts';
import { readStatement } from '../statement.ts';

/**
 * The layer is the envelope, its annotations carry what it is verified by; the one for a signature is empty (cosign specs/ATTESTATION_SPEC.md).
 * Whatever it states, it is no signature of the image. Throws Malformed.
 */
export function* readBareEnvelope(item: AttachedItem, keep: Keep): Slices<Attestation> {
  const json = yield* parseJsonObject(item.bytes, 'the envelope');
  refuseLargeSignatures(json);
  const envelope = yield* readEnvelope(json);
  const statement = yield* readStatement(envelope.payload);
  const material = yield* annotatedMaterial(item.layer.annotations);
  const isStamped = keep(statement.predicateType) && material.timestamps.length > 0;
  const hashes = yield* hashesOf(item, isStamped);
  return yield* attestation(item, { ...envelope, hashes }, statement, material, keep, 'dsse-envelope');
}

/** cosign asks for time stamps by SHA-256, by which the layer's digest is mostly known; others are asked of any hash. */
function* hashesOf({ bytes, layer }: AttachedItem, isStamped: boolean): Slices<EnvelopeHashes> {
  const { algorithm, hex } = splitDigest(layer.digest);
  const sha256 = algorithm === 'sha256' ? Buffer.from(hex, 'hex') : yield* hashInSlices('sha256', bytes, bytesInSlice);
  if (!isStamped) return { sha256 };
  const [sha384, sha512] = [
    yield* hashInSlices('sha384', bytes, bytesInSlice),
    yield* hashInSlices('sha512', bytes, bytesInSlice),
  ];
  return { sha256, sha384, sha512 };
}
