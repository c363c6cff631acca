import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import { type Candidate, referrerCandidates } from './candidates.ts';
import type { ReadManifest } from './content.ts';
import type { LayerKind } from './layer-kind.ts';
import { mapParallel } from './parallel.ts';
import type { Reading } from './reading.ts';
import { type ReferringSources, readReferrers } from './referring.ts';
import type { AttachedAttestation, AttachedItem, Unattested } from './registry.ts';

/** Attestations of one type that are asked for their signatures, and signatures of one attestation; what is beyond is told. */
const mostOfType = 10;
const mostSignatures = 10;

/** Bytes of what an attestation states: as many as an envelope may have. */
const maxPredicate = 16 * 1024 * 1024;

/** An attestation before its layer is read. */
export type FoundAttestation = Omit<AttachedAttestation, 'bytes' | 'layer'> & { readonly predicate: Candidate };

/** One that has signatures, none of which is read either. */
export interface SignedAttestation extends FoundAttestation {
  readonly signatures: readonly Candidate[];
}

/**
 * The attestation that a referrer is, of one of these artifact types: it refers to this image by its own word, and has one layer, of any media type.
 * `undefined`: it is of another type, or of another image.
 */
export function attestationIn(
  types: ReadonlySet<string>,
  repository: Repository,
  subject: Digest,
  { digest, bytes, manifest }: ReadManifest,
): FoundAttestation | Unattested | undefined {
  if (manifest.kind !== 'manifest' || manifest.subject !== subject) return undefined;
  const { artifactType: type, mediaType, layerCount, onlyLayer: layer } = manifest;
  if (type === undefined || !types.has(type)) return undefined;
  if (layer === undefined) {
    const why = layerCount === 1 ? 'describes its layer in a way that breaks the OCI format' : layersText(layerCount);
    return { repository, manifest: digest, message: `${digest} ${why}` };
  }
  const item = { source: 'referrer', repository, manifest: digest, artifactType: type, layer } as const;
  const predicate: Candidate = {
    item,
    maxBytes: maxPredicate,
    mayHold: 'attestations',
    of: 'notary',
    hint: type,
    rank: 4,
    bound: 'attestations',
  };
  return { type, manifest: { digest, mediaType, size: bytes.length }, subject, predicate };
}

function layersText(count: number): string {
  return count === 0 ? 'has no layer' : `has ${count} layers, of which nobody can say which one it states`;
}

/**
 * Asks for the signatures of attestations, each of which has its own: they refer to the attestation's manifest, as an image's refer to the
 * image (notation, `notation sign` of an artifact). One that nobody signed is rejected, and its layer never read.
 */
export async function withSignatures(
  sources: ReferringSources & { readonly kinds: readonly LayerKind[] },
  reading: Reading,
  found: readonly (FoundAttestation | Unattested)[],
): Promise<{ readonly signed: readonly SignedAttestation[]; readonly rejected: readonly Unattested[] }> {
  const kinds = sources.kinds.filter(({ of }) => of === 'notary');
  const { attestations, parallel } = sources.limits;
  const wellFormed = found.filter((one) => 'predicate' in one);
  const tried = bounded(attestations, reading, wellFormed);
  const read = await mapParallel(tried, Math.ceil(parallel / mostSignatures), async (attestation) => {
    const { repository } = attestation.predicate.item;
    const { digest } = attestation.manifest;
    const problems: Refusal[] = [];
    const referred = { repository, digest, most: mostSignatures, mayHold: 'attestations' } as const;
    const signatures = await readReferrers(sources, reading, referred, (read) => {
      const { candidates, problems: broken } = referrerCandidates(repository, digest, read, kinds);
      problems.push(...broken.map(({ refusal }) => refusal));
      return candidates.map((one): Candidate => ({ ...one, mayHold: 'attestations', bound: 'attestations' }));
    });
    if (signatures.length > 0) return { ...attestation, signatures };
    const [problem] = problems;
    return { repository, manifest: digest, message: problem?.message ?? `${digest} has no Notary signature` };
  });
  return {
    signed: read.filter((one) => 'signatures' in one),
    rejected: [...found, ...read].filter((one) => 'message' in one),
  };
}

/** So many of each type, and so many in all. */
function bounded(mostInAll: number, reading: Reading, found: readonly FoundAttestation[]): readonly FoundAttestation[] {
  const counts = new Map<string, number>();
  const ofTypes = found.filter(({ type }) => {
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return count <= mostOfType;
  });
  const kept = ofTypes.slice(0, mostInAll);
  const left = found.find((one) => !kept.includes(one));
  if (left !== undefined) {
    const { repository } = left.predicate.item;
    const most = ofTypes.length > mostInAll ? `${mostInAll} attestations` : `${mostOfType} attestations of one type`;
    const told = `more than ${most} are attached to ${repositoryName(repository)}@${left.subject}`;
    reading.putDown(new Refusal('too-many-signatures', told), 'attestations');
  }
  return kept;
}

/** The signatures as they were read, each with the attestation that it was attached to; without what it states none says anything. */
export function attestedItems(
  signed: readonly SignedAttestation[],
  read: ReadonlyMap<Candidate, AttachedItem>,
): readonly AttachedItem[] {
  return signed.flatMap(({ signatures, predicate, type, manifest, subject }) => {
    const stated = read.get(predicate);
    if (stated === undefined) return [];
    const attested: AttachedAttestation = { type, manifest, subject, layer: stated.layer.digest, bytes: stated.bytes };
    return signatures.flatMap((one) => {
      const item = read.get(one);
      return item === undefined ? [] : [{ ...item, attested }];
    });
  });
}
