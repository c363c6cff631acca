import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import { type Candidate, type Candidates, referrerCandidates, tagCandidates } from './candidates.ts';
import type { Content, ReadManifest } from './content.ts';
import type { LayerKind } from './layer-kind.ts';
import { type LegacySource, legacyTag, legacyTags } from './legacy-tags.ts';
import { acceptImages, acceptReferrers, type Descriptor, parseDescriptor } from './manifest.ts';
import { mapParallel } from './parallel.ts';
import { type MayHold, Reading } from './reading.ts';
import { fallbackTag, type ListSources, listReferrers } from './referrers.ts';
import type { Allowance, Asked, Attached, AttachedItem, Unread } from './registry.ts';
import type { Rooms, Stay } from './rooms.ts';

/** Bytes of a layer that is a signature and little else: one is never waited for. */
const smallLayer = 64 * 1024;

/** Whether a layer has to find room. One over its kind's bound is refused, and never read. */
const isLarge = ({ item: { layer }, maxBytes }: Candidate): boolean =>
  layer.size > smallLayer && layer.size <= maxBytes;

interface Sources extends ListSources {
  readonly content: Content;
  readonly kinds: readonly LayerKind[];
  readonly rooms: Rooms;
}

/**
 * Gathers what is attached to a digest. The referrers API and the fallback tag are asked side by side, always both, and with them
 * cosign's own tags where what is kept there is asked for: none of them tells whether another holds something, and some registries answer the API with an empty list while the tag holds data. Then the referrers' manifests, then
 * the layers: two rounds of requests for what is under a tag of cosign's, three for a referrer.
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
  async function readLayers(candidates: readonly Candidate[]): Promise<AttachedItem[]> {
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
    const large = new Map(tried.filter(isLarge).map((one) => [blobKey(one), one.item.layer.size]));
    const total = [...large.values()].reduce((sum, size) => sum + size, 0);
    // All of it at once: who has some of it and waits for more keeps others waiting.
    if (total > 0) stay ??= rooms.enter(total, allowance);
    tried.sort((a, b) => Number(isLarge(a)) - Number(isLarge(b)));
    const items = await mapParallel(tried, limits.parallel, async (candidate) => {
      const bytes = await blob(candidate);
      return bytes === undefined ? [] : [{ ...candidate.item, bytes }];
    });
    return items.flat();
  }

  async function layersUnder(source: LegacySource): Promise<readonly Candidate[]> {
    const tag = legacyTag(digest, source);
    if (tag === undefined) return [];
    const manifest = () => content.manifestByTag(repository, tag, acceptImages, spending);
    const read = await reading.attempt(manifest, legacyTags[source].holds);
    return read === undefined ? [] : accept(tagCandidates(source, repository, read, kinds));
  }

  async function fallback(): Promise<readonly unknown[]> {
    const tag = fallbackTag(digest);
    const read = await reading.attempt(() => content.manifestByTag(repository, tag, acceptImages, spending));
    // What is no index is no list: `cosign copy` leaves the image itself under this tag.
    return read?.manifest.kind === 'index' ? read.manifest.manifests : [];
  }

  /** How many pages there are is chosen by who attaches, too; whoever sends on to the next has answered. */
  function turned(page: number): void {
    reading.begin();
    if (page > 1) reading.hear();
  }

  async function referrers(): Promise<readonly Candidate[]> {
    const [listing, tagged] = await Promise.all([
      listReferrers(sources, repository, digest, spending, turned),
      fallback(),
    ]);
    if (listing.problem === undefined || listing.descriptors.length > 0) reading.hear();
    if (listing.problem !== undefined) reading.putDown(listing.problem);
    const wanted = new Map<Digest, Descriptor>();
    let malformed = 0;
    let left = 0;
    for (const value of [...listing.descriptors, ...tagged]) {
      const descriptor = parseDescriptor(value);
      if (descriptor === undefined) malformed++;
      else if (wanted.has(descriptor.digest)) continue;
      else if (wanted.size < limits.referrers) wanted.set(descriptor.digest, descriptor);
      else left++;
    }
    const subject = `the referrers of ${repositoryName(repository)}@${digest}`;
    if (malformed > 0)
      reading.putDown(new Refusal('malformed-manifest', `${subject} are listed in a way that breaks the format`));
    if (left > 0 && listing.problem?.reason !== 'too-many-referrers') {
      reading.putDown(new Refusal('too-many-referrers', `${subject} are more than ${limits.referrers}`));
    }
    // A manifest's bytes are let go as soon as its candidates are known: of 200 they would be up to 800 MB.
    const candidates = await mapParallel([...wanted.values()], limits.parallel, async (descriptor) => {
      const read = await reading.attempt(() => referrer(descriptor));
      return read === undefined ? [] : accept(referrerCandidates(repository, digest, read, kinds));
    });
    return candidates.flat();
  }

  async function referrer(descriptor: Descriptor): Promise<ReadManifest> {
    const { digest: own, size } = descriptor;
    const read = await content.manifestByDigest(repository, own, acceptReferrers, spending, size);
    if (read !== undefined) return read;
    const told = `the registry lists the referrer ${repositoryName(repository)}@${own} and does not have it`;
    throw new Refusal('content-missing', told);
  }

  const fromSignatureTag = asked.cosign ? layersUnder('sig-tag') : Promise.resolve([]);
  const fromOthers = async () => {
    const others = await Promise.all([referrers(), ...(attestationsAsked ? [layersUnder('att-tag')] : [])]);
    // The tag's signatures take their places first, whichever manifest came first.
    await fromSignatureTag;
    const says = ({ hint }: Candidate) => Number(hint !== undefined && asked.predicateTypes.has(hint));
    return readLayers(others.flat().sort((a, b) => a.rank - b.rank || says(b) - says(a)));
  };
  try {
    const items = await Promise.all([fromSignatureTag.then(readLayers), fromOthers()]);
    for (const [mayHold, refusal] of tooMany) reading.putDown(refusal, mayHold);
    const unreadable = reading.unreadable('signatures');
    const unreadableAttestations = reading.unreadable('attestations');
    const read = { items: items.flat(), unreadable, unreadableAttestations, unread };
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
