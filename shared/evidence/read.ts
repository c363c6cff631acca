import type { AttachedItem } from '../registry/registry.ts';
import { bundleMediaTypePrefix, envelopeMediaType, readBareEnvelope, readBundle } from './bundle.ts';
import type { Evidence, Gathered, Rejected } from './evidence.ts';
import { Malformed } from './malformed.ts';
import { readSimpleSigning, simpleSigningMediaType } from './simple-signing.ts';

/**
 * What was fetched, as evidence: here wire formats end. Only the layer's own media type decides what it is read as;
 * descriptors and artifact types lie. Never throws: what does not parse is in `rejected`, and spoils
 * nothing else. Layers of other media types, an SBOM for one, are no evidence and are left out.
 */
export function readEvidence(items: readonly AttachedItem[]): Gathered {
  const evidence: Evidence[] = [];
  const rejected: Rejected[] = [];
  for (const item of items) {
    try {
      const one = readItem(item);
      if (one !== undefined) evidence.push(one);
    } catch (thrown) {
      const message = thrown instanceof Malformed ? thrown.message : 'it does not parse';
      rejected.push({ repository: item.repository, layer: item.layer.digest, message });
    }
  }
  return { evidence, rejected };
}

function readItem(item: AttachedItem): Evidence | undefined {
  const { mediaType } = item.layer;
  if (mediaType === simpleSigningMediaType) return readSimpleSigning(item);
  if (mediaType.startsWith(bundleMediaTypePrefix)) return readBundle(item);
  if (mediaType === envelopeMediaType) return readBareEnvelope(item);
  if (item.source === 'sig-tag') throw new Malformed('a layer under the .sig tag is no cosign signature');
  return undefined;
}
