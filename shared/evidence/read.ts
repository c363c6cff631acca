import { repositoryName } from '../image/repository.ts';
import { kindHolding } from '../registry/layer-kind.ts';
import type { MayHold } from '../registry/reading.ts';
import type { AttachedItem } from '../registry/registry.ts';
import { atOnce, type Slices } from '../slices.ts';
import type { Evidence, Gathered, Rejected } from './evidence.ts';
import type { EvidenceKind, Keep } from './kind.ts';
import { evidenceKinds } from './kinds.ts';
import { Malformed } from './malformed.ts';

/**
 * What was fetched, as evidence: here wire formats end. Only the layer's own media type decides what it is read as;
 * descriptors and artifact types lie. Never throws: what does not parse is in `rejected`, and spoils
 * nothing else. What several manifests hold is read once. Layers of other media types, an SBOM for one, are no evidence and are left out.
 * `keep`: the predicate types whose statements stay at hand; none, unless a rule asks what they state.
 */
export function readEvidence(items: readonly AttachedItem[], keep: Keep = keepNone): Gathered {
  return atOnce(readEvidenceInSlices(items, keep));
}

/** The same in slices. */
export function* readEvidenceInSlices(items: readonly AttachedItem[], keep: Keep = keepNone): Slices<Gathered> {
  const evidence: Evidence[] = [];
  const rejected: Rejected[] = [];
  const read = new Set<string>();
  for (const item of items) {
    const name = nameOf(item);
    if (read.has(name)) continue;
    read.add(name);
    try {
      const one = yield* readItem(item, keep);
      if (one !== undefined) evidence.push(one);
    } catch (thrown) {
      const message = thrown instanceof Malformed ? thrown.message : 'it does not parse';
      rejected.push({ repository: item.repository, layer: item.layer.digest, mayHold: mayHoldOf(item), message });
    }
    yield;
  }
  return { evidence, rejected, unread: [] };
}

function* readItem(item: AttachedItem, keep: Keep): Slices<Evidence | undefined> {
  const kind: EvidenceKind | undefined = kindHolding(evidenceKinds, item.layer.mediaType);
  // Under a tag of cosign's there is one thing: what is attached as an attestation is never a signature, nor the other way round.
  if (kind?.ranking(item.source, undefined) !== undefined) return yield* kind.read(item, keep);
  if (item.source === 'sig-tag') throw new Malformed('a layer under the .sig tag is no cosign signature');
  if (item.source === 'att-tag') throw new Malformed('a layer under the .att tag is no envelope');
  return undefined;
}

function mayHoldOf({ source, layer, attested }: AttachedItem): MayHold {
  if (attested !== undefined) return 'attestations';
  const attestsOnly = source === 'att-tag' || kindHolding(evidenceKinds, layer.mediaType)?.only === 'attestations';
  return attestsOnly && source !== 'sig-tag' ? 'attestations' : 'signatures';
}

/** Two items of one name are read as the same: many manifests may name one layer, which was fetched once. */
function nameOf({ source, repository, layer, attested }: AttachedItem): string {
  const { mediaType, digest, annotations } = layer;
  const name = [source, repositoryName(repository), mediaType, digest, Object.entries(annotations)];
  return JSON.stringify(attested === undefined ? name : [...name, attested.manifest.digest]);
}

const keepNone: Keep = () => false;
