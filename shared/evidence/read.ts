import { repositoryName } from '../image/repository.ts';
import type { AttachedItem } from '../registry/registry.ts';
import { atOnce, type Slices } from '../slices.ts';
import type { Evidence, Gathered, Rejected } from './evidence.ts';
import type { Keep } from './kind.ts';
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
      rejected.push({ repository: item.repository, layer: item.layer.digest, message });
    }
    yield;
  }
  return { evidence, rejected };
}

function* readItem(item: AttachedItem, keep: Keep): Slices<Evidence | undefined> {
  const kind = evidenceKinds.find((one) => one.holds(item.layer.mediaType));
  if (kind !== undefined) return yield* kind.read(item, keep);
  if (item.source === 'sig-tag') throw new Malformed('a layer under the .sig tag is no cosign signature');
  return undefined;
}

/** Two items of one name are read as the same: many manifests may name one layer, which was fetched once. */
function nameOf({ source, repository, layer: { mediaType, digest, annotations } }: AttachedItem): string {
  return JSON.stringify([source, repositoryName(repository), mediaType, digest, Object.entries(annotations)]);
}

const keepNone: Keep = () => false;
