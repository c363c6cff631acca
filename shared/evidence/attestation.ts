import type { AttachedItem } from '../registry/registry.ts';
import type { Attestation, Signed } from './evidence.ts';
import { attestationHash } from './hash.ts';
import type { Keep } from './kind.ts';
import type { Statement } from './statement.ts';

/** A statement as an attestation: `signed` is asked for, and the payload kept, only where the statement is wanted. */
export function attestation(
  { repository, layer }: AttachedItem,
  payload: Uint8Array,
  { predicateType, claims }: Statement,
  keep: Keep,
  signed: () => Signed,
): Attestation {
  const stated = keep(predicateType) ? { signed: signed(), claims } : undefined;
  const hash = attestationHash(payload);
  return { kind: 'attestation', repository, layer: layer.digest, predicateType, stated, hash };
}
