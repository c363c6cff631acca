import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import { type Candidate, type Candidates, referrerCandidates, tagCandidates } from './candidates.ts';
import type { LayerKind } from './layer-kind.ts';
import { type LegacySource, legacyTag, legacyTags } from './legacy-tags.ts';
import { acceptImages } from './manifest.ts';
import { attestationIn, attestedItems, type SignedAttestation, withSignatures } from './notary-attestations.ts';
import { mapParallel } from './parallel.ts';
import { type MayHold, Reading } from './reading.ts';
import { type ReferringSources, readReferrers } from './referring.ts';
import type { Allowance, Asked, Attached, AttachedItem, Unattested, Unread } from './registry.ts';
import type { Rooms, Stay } from './rooms.ts';

/** Bytes of a layer that is a signature and little else: one is never waited for. */
const smallLayer = 64 * 1024;

/** Whether a layer has to find room. One over its kind's bound is refused, and never read. */
const isLarge = ({ item: { layer }, maxBytes }: Candidate): boolean =>
  layer.size > smallLayer && layer.size <= maxBytes;

interface Sources extends ReferringSources {
  readonly kinds: readonly LayerKind[];
  readonly rooms: Rooms;
}

/**
 * Gathers what is attached to a digest. The referrers API and the fallback tag are asked side by side, always both, and with them
 * cosign's own tags where what is kept there is asked for: none of them tells whether another holds something, and some registries answer the API with an empty list while the tag holds data. Then the referrers' manifests, then
 * the layers: two rounds of requests for what is under a tag of cosign's, three for a referrer, five where a referrer is an attestation with
 * signatures of its own.
 *
 * Whatever cannot be read becomes an entry of `unreadable` and leaves the rest alone.
 */
export async function readAttached(
  sources: Sources,
  repository: Repository,
  digest: Digest,
  allowance: Allowance,
  asked: Asked,
): Promise<Attached> {
  const { content, limits, kinds, rooms } = sources;
  const reading = new Reading(repository, digest, allowance);
  const { spending } = reading;
  const attestationsAsked = asked.predicateTypes.size > 0;
  const unread: Unread[] = [];
  const rejected: Unattested[] = [];
  const signed: SignedAttestation[] = [];

  /** Those that are to be read. */
  function accept({ candidates, problems }: Candidates): readonly Candidate[] {
    const isAsked = ({ of, mayHold }: Pick<Candidate, 'of' | 'mayHold'>) =>
      (asked[of] && mayHold !== 'attestations') || (of === 'cosign' && attestationsAsked && mayHold !== 'signatures');
    for (const { refusal, mayHold } of problems.filter(isAsked)) reading.putDown(refusal, mayHold);
    unread.push(...candidates.filter((one) => !isAsked(one)).map(unreadOf));
    return candidates.filter(isAsked);
  }

  let stay: Stay | undefined;
  const blobs = new Map<string, Promise<Uint8Array | undefined>>();
  /** Several layers may have the same bytes: signatures by several keys over one payload. They are read once. */
  function blob(candidate: Candidate): Promise<Uint8Array | undefined> {
    const { maxBytes, mayHold, item } = candidate;
    const { layer } = item;
    const key = blobKey(candidate);
    const coming =
      blobs.get(key) ??
      reading.attempt(async () => {
        if (isLarge(candidate)) await stay?.entered;
        return content.blob(repository, layer.digest, layer.size, maxBytes, spending);
      }, mayHold);
    blobs.set(key, coming);
    return coming;
  }

  // What is never a signature takes no place of what may be one.
  const forSignatures = { signatures: limits.signatures, attestations: limits.attestations };
  const room = {
    signatures: forSignatures,
    either: forSignatures,
    attestations: { signatures: 0, attestations: limits.attestations },
  };
  const tooMany = new Map<MayHold, Refusal>();
  function withinBounds(candidates: readonly Candidate[]): Candidate[] {
    const tried: Candidate[] = [];
    for (const candidate of candidates) {
      const { bound, mayHold } = candidate;
      if (room[mayHold][bound] > 0) {
        room[mayHold][bound] -= 1;
        tried.push(candidate);
        continue;
      }
      // Whatever a manifest says that its layer is, it is missing as all that the layer may be.
      if (tooMany.has(mayHold)) continue;
      const told = `more than ${limits[bound]} ${bound} are attached to ${repositoryName(repository)}@${digest}`;
      tooMany.set(mayHold, new Refusal('too-many-signatures', told));
    }
    return tried;
  }

  async function readLayers(candidates: readonly Candidate[]): Promise<ReadonlyMap<Candidate, AttachedItem>> {
    const tried = [...candidates];
    const large = new Map(tried.filter(isLarge).map((one) => [blobKey(one), one.item.layer.size]));
    const total = [...large.values()].reduce((sum, size) => sum + size, 0);
    // All of it at once: who has some of it and waits for more keeps others waiting.
    if (total > 0) stay ??= rooms.enter(total, allowance);
    tried.sort((a, b) => Number(isLarge(a)) - Number(isLarge(b)));
    const items = await mapParallel(tried, limits.parallel, async (candidate) => {
      const bytes = await blob(candidate);
      return bytes === undefined ? [] : [[candidate, { ...candidate.item, bytes }] as const];
    });
    return new Map(items.flat());
  }

  async function layersUnder(source: LegacySource): Promise<readonly Candidate[]> {
    const tag = legacyTag(digest, source);
    if (tag === undefined) return [];
    const manifest = () => content.manifestByTag(repository, tag, acceptImages, spending);
    const read = await reading.attempt(manifest, legacyTags[source].holds);
    return read === undefined ? [] : accept(tagCandidates(source, repository, read, kinds));
  }

  /** What refers to the image: evidence itself, and attestations that have signatures of their own. */
  async function referrers(): Promise<readonly Candidate[]> {
    const referred = { repository, digest, most: limits.referrers, mayHold: 'either' } as const;
    const read = await readReferrers(sources, reading, referred, (read) => [
      {
        candidates: accept(referrerCandidates(repository, digest, read, kinds)),
        attestation: attestationIn(asked.artifactTypes, repository, digest, read),
      },
    ]);
    const found = read.flatMap(({ attestation }) => attestation ?? []);
    const attestations = await withSignatures(sources, reading, found);
    signed.push(...attestations.signed);
    rejected.push(...attestations.rejected);
    return read.flatMap(({ candidates }) => candidates);
  }

  const fromSignatureTag = asked.cosign ? layersUnder('sig-tag') : Promise.resolve([]);
  const fromOthers = async () => {
    const others = await Promise.all([referrers(), ...(attestationsAsked ? [layersUnder('att-tag')] : [])]);
    // The tag's signatures take their places first, whichever manifest came first.
    await fromSignatureTag;
    const says = ({ hint }: Candidate) => Number(hint !== undefined && asked.predicateTypes.has(hint));
    const tried = withinBounds(others.flat().sort((a, b) => a.rank - b.rank || says(b) - says(a)));
    const attested = new Set(signed.flatMap(({ predicate, signatures }) => [predicate, ...signatures]));
    const read = await readLayers([...tried, ...attested]);
    const ofImage = [...read].flatMap(([one, item]) => (attested.has(one) ? [] : [item]));
    return [...ofImage, ...attestedItems(signed, read)];
  };
  const fromTag = async () => [...(await readLayers(withinBounds(await fromSignatureTag))).values()];
  try {
    const items = await Promise.all([fromTag(), fromOthers()]);
    for (const [mayHold, refusal] of tooMany) reading.putDown(refusal, mayHold);
    const unreadable = reading.unreadable('signatures');
    const unreadableAttestations = reading.unreadable('attestations');
    const read = {
      items: items.flat(),
      unreadable,
      unreadableAttestations,
      unread,
      ...(rejected.length === 0 ? {} : { rejected }),
    };
    return stay === undefined ? read : { ...read, release: stay.leave };
  } catch (thrown) {
    stay?.leave();
    throw thrown;
  }
}

/**
 * The attestations under the `.att` tag, by its manifest alone: what is told of an image that has nothing else, so it is worth one request,
 * and no other try. Throws Refusal.
 */
export async function readAttested(
  { content, kinds }: Pick<Sources, 'content' | 'kinds'>,
  repository: Repository,
  digest: Digest,
  allowance: Allowance,
): Promise<readonly Unread[]> {
  const tag = legacyTag(digest, 'att-tag');
  if (tag === undefined) return [];
  const once: Allowance = { ...allowance, mayRetry: () => false };
  const read = await content.manifestByTag(repository, tag, acceptImages, once);
  return read === undefined ? [] : tagCandidates('att-tag', repository, read, kinds).candidates.map(unreadOf);
}

function unreadOf({ item: { repository, layer }, bound }: Candidate): Unread {
  const { digest, mediaType } = layer;
  return { repository, layer: digest, mediaType, as: bound === 'signatures' ? 'signature' : 'attestation' };
}

function blobKey({ item: { layer }, maxBytes, mayHold }: Candidate): string {
  return `${layer.digest} ${layer.size} ${maxBytes} ${mayHold}`;
}
