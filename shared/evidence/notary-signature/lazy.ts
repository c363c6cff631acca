import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import type { Attestation, SignatureEvidence } from '../evidence.ts';

let reader: typeof import('./read.ts') | undefined;

/** Loads what reads envelopes, JWS and COSE alike. Once; others find it loaded. */
export async function loadNotaryReader(): Promise<void> {
  const [read, { loadCbor }] = await Promise.all([import('./read.ts'), import('./cbor.ts')]);
  await loadCbor();
  reader ??= read;
}

/** A signature of the image, or of an attestation of it. Throws Malformed; a defect where `loadNotaryReader` was not awaited. */
export function readNotary(item: AttachedItem): Slices<SignatureEvidence<'notary-signature'> | Attestation> {
  if (reader === undefined) throw new Error('an envelope was read before loadNotaryReader was awaited');
  return reader.readNotaryEvidence(item);
}
