import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import type { ReadManifest } from './content.ts';
import type { RegistryLimits } from './limits.ts';
import { type Descriptor, type ImageManifest, simpleSigning } from './manifest.ts';
import type { AttachedItem } from './registry.ts';

const cosignSign = 'https://sigstore.dev/cosign/sign/v1';

/** A layer that may be evidence, before its bytes are read. */
export interface Candidate {
  readonly item: Omit<AttachedItem, 'bytes'>;
  /** The bound for its kind, in bytes. */
  readonly maxBytes: number;
  /** The lower, the likelier it is a signature. Stable order within. */
  readonly rank: number;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  readonly problems: readonly Refusal[];
}

/** All simple-signing layers of the manifest under a `.sig` tag: one layer per signature. */
export function signatureTagCandidates(repository: Repository, read: ReadManifest, limits: RegistryLimits): Candidates {
  if (read.manifest.kind !== 'manifest') {
    const what = `${repositoryName(repository)}@${read.digest}`;
    const told = `${what} has the tag of cosign's signatures and is no manifest with layers`;
    return { candidates: [], problems: [new Refusal('malformed-manifest', told)] };
  }
  return simpleSigningLayers('sig-tag', repository, read.digest, read.manifest, limits, 0);
}

/**
 * The layers of a referrer that may be evidence. Which kind it is is told by its first layer's media type alone: registries
 * and tools write `artifactType` and annotations in several ways. A manifest whose own subject is another image is none of
 * this image's referrers, whatever the list says (CVE-2023-33959's kind).
 */
export function referrerCandidates(
  repository: Repository,
  subject: Digest,
  { digest, manifest }: ReadManifest,
  limits: RegistryLimits,
): Candidates {
  const none = { candidates: [], problems: [] };
  if (manifest.kind !== 'manifest') return none;
  if (manifest.subject !== subject) return none;
  if (manifest.firstLayer === simpleSigning) {
    return simpleSigningLayers('referrer', repository, digest, manifest, limits, 1);
  }
  const [first] = manifest.layers;
  if (first === undefined || first.mediaType !== manifest.firstLayer) return none;
  const layer = first.descriptor;
  if (layer === undefined) return { candidates: [], problems: [malformedLayer(repository, digest)] };
  const item = itemOf('referrer', repository, digest, manifest, layer);
  return { candidates: [{ item, maxBytes: limits.bundle, rank: isOtherStatement(manifest) ? 3 : 2 }], problems: [] };
}

function simpleSigningLayers(
  source: AttachedItem['source'],
  repository: Repository,
  digest: Digest,
  manifest: ImageManifest,
  limits: RegistryLimits,
  rank: number,
): Candidates {
  const candidates: Candidate[] = [];
  let malformed = false;
  for (const { mediaType, descriptor: layer } of manifest.layers) {
    if (mediaType !== simpleSigning) continue;
    if (layer === undefined) malformed = true;
    else {
      candidates.push({ item: itemOf(source, repository, digest, manifest, layer), maxBytes: limits.payload, rank });
    }
  }
  return { candidates, problems: malformed ? [malformedLayer(repository, digest)] : [] };
}

function itemOf(
  source: AttachedItem['source'],
  repository: Repository,
  manifest: Digest,
  { artifactType }: ImageManifest,
  layer: Descriptor,
): Omit<AttachedItem, 'bytes'> {
  return { source, repository, manifest, artifactType, layer };
}

function isOtherStatement({ predicateType }: ImageManifest): boolean {
  return predicateType !== undefined && predicateType !== cosignSign;
}

function malformedLayer(repository: Repository, manifest: Digest): Refusal {
  const told = `${repositoryName(repository)}@${manifest} describes a layer in a way that breaks the OCI format`;
  return new Refusal('malformed-manifest', told);
}
