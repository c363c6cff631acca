import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import { attestation } from '../attestation.ts';
import { readEnvelope, refuseManySignatures } from '../envelope.ts';
import type { Attestation } from '../evidence.ts';
import { parseJsonObject } from '../json.ts';
import type { Keep } from '../kind.ts';
import { readStatement } from '../statement.ts';

const noMaterial = { certificates: [], timestamps: [], logEntries: [] };

/** Whatever it states, it is no signature of the image. Throws Malformed. */
export function* readBareEnvelope(item: AttachedItem, keep: Keep): Slices<Attestation> {
  const json = yield* parseJsonObject(item.bytes, 'the envelope');
  refuseManySignatures(json);
  const envelope = yield* readEnvelope(json);
  return yield* attestation(item, envelope, yield* readStatement(envelope.payload), noMaterial, keep, 'dsse-envelope');
}
