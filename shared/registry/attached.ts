import { type Digest, splitDigest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import { type Candidate, type Candidates, referrerCandidates, signatureTagCandidates } from './candidates.ts';
import type { Content, ReadManifest } from './content.ts';
import type { LayerKind } from './layer-kind.ts';
import { acceptImages, acceptReferrers, type Descriptor, parseDescriptor } from './manifest.ts';
import { mapParallel } from './parallel.ts';
import { fallbackTag, type ListSources, listReferrers } from './referrers.ts';
import type { Allowance, Attached, AttachedItem } from './registry.ts';
import type { Rooms, Stay } from './rooms.ts';

/**
 * Requests that a signed image is worth. A failure of the registry within them is the registry's; one after more of them came of how much
 * is attached, which its author chose.
 */
const fewRequests = 10;
/** Failures of the registry after which nothing more is asked for: one broken referrer must not hide the rest. */
const mostFailures = 3;

/** A tag has at most 128 characters: no `.sig` tag exists for a SHA-512 digest. */
const longestTag = 128;

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
 * Gathers what is attached to a digest. The `.sig` tag, the referrers API and the fallback tag are asked side by side,
 * always all three: none of them tells whether another holds something, and some registries answer the API with an empty
 * list while the tag holds data. Then the referrers' manifests, then the layers: two rounds of requests for a `.sig`
 * signature, three for a referrer.
 *
 * Whatever cannot be read becomes an entry of `unreadable` and leaves the rest alone. The reading ends with the review's time or
 * bytes, and where the registry asks to slow down or fails again and again: then nothing more is asked for, nor tried again. Once
 * the registry has answered, what was too much or too slow is `attached-too-slow`: else whoever attaches could bring about what
 * failurePolicy Ignore admits.
 */
export async function readAttached(
  sources: Sources,
  repository: Repository,
  digest: Digest,
  allowance: Allowance,
): Promise<Attached> {
  const { content, limits, kinds, rooms } = sources;
  const unreadable = new Set<Refusal>();
  let stopped = false;
  let answered = false;
  let begun = 0;
  let failures = 0;
  let retries = 0;
  // What is under way when the reading ends may still come. Of many requests few are tried again, or a failing registry would be
  // asked four times for each.
  const mayRetry = () => !stopped && (begun <= fewRequests || retries++ < fewRequests);
  const spending: Allowance = { ...allowance, mayRetry };

  /** What `work` gives, or `undefined` with its refusal put down. */
  async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (stopped) return undefined;
    begun++;
    try {
      const result = await work();
      answered = true;
      return result;
    } catch (thrown) {
      putDown(asRefusal(thrown));
      return undefined;
    }
  }

  function putDown(refusal: Refusal): void {
    const { reason, kind } = refusal;
    if (kind === 'denied') answered = true;
    else failures++;
    unreadable.add(blamed(refusal));
    // One source that is too slow for the door leaves time for the rest.
    const over = reason === 'deadline' && allowance.deadline.remaining() === 0;
    if (over || reason === 'review-too-large' || failures === mostFailures) stopped = true;
    // Where an image asks for little, all of it is asked for: the registry may have room for the next request.
    if (reason === 'registry-throttled' && begun > fewRequests) stopped = true;
  }

  function blamed(refusal: Refusal): Refusal {
    const late = refusal.reason === 'deadline';
    if (refusal.kind !== 'unavailable' || (late ? !answered : begun <= fewRequests)) return refusal;
    return attachedTooSlow(repository, digest, late ? 'takes too long to read' : 'takes too many requests', refusal);
  }

  function accept({ candidates, problems }: Candidates): readonly Candidate[] {
    for (const problem of problems) putDown(problem);
    return candidates;
  }

  let stay: Stay | undefined;
  const blobs = new Map<string, Promise<Uint8Array | undefined>>();
  /** Several layers may have the same bytes: signatures by several keys over one payload. They are read once. */
  function blob(candidate: Candidate): Promise<Uint8Array | undefined> {
    const { maxBytes, item } = candidate;
    const { layer } = item;
    const key = blobKey(candidate);
    const reading =
      blobs.get(key) ??
      attempt(async () => {
        if (isLarge(candidate)) await stay?.entered;
        return content.blob(repository, layer.digest, layer.size, maxBytes, spending);
      });
    blobs.set(key, reading);
    return reading;
  }

  const room = { signatures: limits.signatures, attestations: limits.attestations };
  let tooMany: Refusal | undefined;
  async function readLayers(candidates: readonly Candidate[]): Promise<AttachedItem[]> {
    const tried: Candidate[] = [];
    for (const candidate of candidates) {
      const { bound } = candidate;
      if (room[bound] > 0) {
        room[bound] -= 1;
        tried.push(candidate);
        continue;
      }
      // Whatever a manifest says that its layer is, the layer may be a signature: it is missing as one.
      const told = `more than ${limits[bound]} ${bound} are attached to ${repositoryName(repository)}@${digest}`;
      tooMany ??= new Refusal('too-many-signatures', told);
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

  async function signatureTag(): Promise<readonly Candidate[]> {
    const { algorithm, hex } = splitDigest(digest);
    const tag = `${algorithm}-${hex}.sig`;
    if (tag.length > longestTag) return [];
    const read = await attempt(() => content.manifestByTag(repository, tag, acceptImages, spending));
    return read === undefined ? [] : accept(signatureTagCandidates(repository, read, kinds));
  }

  async function fallback(): Promise<readonly unknown[]> {
    const tag = fallbackTag(digest);
    const read = await attempt(() => content.manifestByTag(repository, tag, acceptImages, spending));
    // What is no index is no list: `cosign copy` leaves the image itself under this tag.
    return read?.manifest.kind === 'index' ? read.manifest.manifests : [];
  }

  /** How many pages there are is chosen by who attaches, too; whoever sends on to the next has answered. */
  function turned(page: number): void {
    begun++;
    if (page > 1) answered = true;
  }

  async function referrers(): Promise<readonly Candidate[]> {
    const [listing, tagged] = await Promise.all([
      listReferrers(sources, repository, digest, spending, turned),
      fallback(),
    ]);
    if (listing.problem === undefined || listing.descriptors.length > 0) answered = true;
    if (listing.problem !== undefined) putDown(listing.problem);
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
      putDown(new Refusal('malformed-manifest', `${subject} are listed in a way that breaks the format`));
    if (left > 0 && listing.problem?.reason !== 'too-many-referrers') {
      putDown(new Refusal('too-many-referrers', `${subject} are more than ${limits.referrers}`));
    }
    // A manifest's bytes are let go as soon as its candidates are known: of 200 they would be up to 800 MB.
    const candidates = await mapParallel([...wanted.values()], limits.parallel, async (descriptor) => {
      const read = await attempt(() => referrer(descriptor));
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

  const fromTag = signatureTag();
  const fromReferrers = async () => {
    const referring = await referrers();
    // The tag's signatures take their places first, whichever manifest came first.
    await fromTag;
    return readLayers([...referring].sort((a, b) => a.rank - b.rank));
  };
  try {
    const items = await Promise.all([fromTag.then(readLayers), fromReferrers()]);
    if (tooMany !== undefined) putDown(tooMany);
    const read = { items: items.flat(), unreadable: [...unreadable] };
    return stay === undefined ? read : { ...read, release: stay.leave };
  } catch (thrown) {
    stay?.leave();
    throw thrown;
  }
}

function blobKey({ item: { layer }, maxBytes }: Candidate): string {
  return `${layer.digest} ${layer.size} ${maxBytes}`;
}

/** Why it counts as the image's own doing that something attached to it was not read: its refusal by the registry's or our own word. */
export function attachedTooSlow(repository: Repository, digest: Digest, why: string, cause: Refusal): Refusal {
  const told = `what is attached to ${repositoryName(repository)}@${digest} ${why}: ${cause.message}`;
  return new Refusal('attached-too-slow', told, { cause });
}
