import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import type { ReadManifest } from './content.ts';
import { type Family, kindHolding, type LayerKind, type Ranking } from './layer-kind.ts';
import { type LegacySource, legacyTags } from './legacy-tags.ts';
import type { Descriptor, ImageManifest } from './manifest.ts';
import type { MayHold } from './reading.ts';
import type { AttachedItem } from './registry.ts';

/** A layer that may be evidence, before its bytes are read. Of one rank, those found first are tried first. */
export interface Candidate extends Ranking {
  readonly item: Omit<AttachedItem, 'bytes'>;
  /** The bound for its kind, in bytes. */
  readonly maxBytes: number;
  readonly mayHold: MayHold;
  readonly of: Family;
  /** What the layer or its manifest says that it attests. */
  readonly hint: string | undefined;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly Problem[];
}

/** Why layers are none that can be read, and what they may be. */
export interface Problem {
  readonly refusal: Refusal;
  readonly mayHold: MayHold;
  readonly of: Family;
}

const none: Candidates = { candidates: [], problems: [] };

/** All layers that may be evidence in the manifest under a tag of cosign's: one layer for each signature or attestation. */
export function tagCandidates(
  source: LegacySource,
  repository: Repository,
  { digest, manifest }: ReadManifest,
  kinds: readonly LayerKind[],
): Candidates {
  if (manifest.kind !== 'manifest') {
    const told = `${repositoryName(repository)}@${digest} has the tag of cosign's ${legacyTags[source].holds} and is no manifest with layers`;
    const refusal = new Refusal('malformed-manifest', told);
    return { candidates: [], problems: [{ refusal, mayHold: legacyTags[source].holds, of: 'cosign' }] };
  }
  return layersOf(kinds, { source, repository, digest, manifest });
}

/**
 * The layers of a referrer that may be evidence. Which kind it is is told by its first layer's media type alone, unless the kind has an
 * artifact type: registries and tools write `artifactType` and annotations in several ways. A manifest whose own subject is another image is none of
 * this image's referrers, whatever the list says (CVE-2023-33959's kind).
 */
export function referrerCandidates(
  repository: Repository,
  subject: Digest,
  { digest, manifest }: ReadManifest,
  kinds: readonly LayerKind[],
): Candidates {
  if (manifest.kind !== 'manifest' || manifest.subject !== subject) return none;
  const named = kinds.find(({ artifactType }) => artifactType !== undefined && isOfType(manifest, artifactType));
  const kind = named ?? kindHolding(kinds, manifest.firstLayer ?? '');
  if (kind === undefined || (kind.artifactType !== undefined && kind !== named)) return none;
  if (named !== undefined && (manifest.layerCount !== 1 || !named.holds(manifest.firstLayer ?? ''))) {
    const told = `${repositoryName(repository)}@${digest} is of a signature's type, and is not one layer that holds it`;
    return { candidates: [], problems: [problemOf(named, new Refusal('malformed-manifest', told))] };
  }
  return layersOf([kind], { source: 'referrer', repository, digest, manifest });
}

/**
 * Image-spec 1.1 has the artifact's type in a field, beside an empty config; before there was such a field it was the config's media type.
 * The Notary Project asks for either whole (signature-specification.md, "OCI Signatures").
 */
function isOfType({ ownType, configType }: ImageManifest, artifactType: string): boolean {
  return ownType === undefined ? configType === artifactType : ownType === artifactType && configType === emptyConfig;
}

const emptyConfig = 'application/vnd.oci.empty.v1+json';

function problemOf({ only, of }: LayerKind, refusal: Refusal): Problem {
  return { refusal, mayHold: only ?? 'either', of };
}

/** Where layers were found. */
interface Holder {
  readonly source: AttachedItem['source'];
  readonly repository: Repository;
  readonly digest: Digest;
  readonly manifest: ImageManifest;
}

function layersOf(kinds: readonly LayerKind[], holder: Holder): Candidates {
  const { source, repository, digest, manifest } = holder;
  const candidates: Candidate[] = [];
  const malformed = new Set<LayerKind>();
  for (const { mediaType, descriptor } of manifest.layers) {
    const kind = kindHolding(kinds, mediaType);
    if (kind === undefined) continue;
    const hint = (kind.hint === undefined ? undefined : descriptor?.annotations[kind.hint]) ?? manifest.hint;
    const ranking = kind.ranking(source, hint);
    if (ranking === undefined) continue;
    const { maxBytes, only: mayHold = 'either', of } = kind;
    if (descriptor === undefined) malformed.add(kind);
    else candidates.push({ item: itemOf(holder, descriptor), maxBytes, mayHold, of, hint, ...ranking });
  }
  const refusal = malformedLayer(repository, digest);
  return { candidates, problems: [...malformed].map((kind) => problemOf(kind, refusal)) };
}

function itemOf({ source, repository, digest, manifest }: Holder, layer: Descriptor): Omit<AttachedItem, 'bytes'> {
  return { source, repository, manifest: digest, artifactType: manifest.artifactType, layer };
}

function malformedLayer(repository: Repository, manifest: Digest): Refusal {
  const told = `${repositoryName(repository)}@${manifest} describes a layer in a way that breaks the OCI format`;
  return new Refusal('malformed-manifest', told);
}
