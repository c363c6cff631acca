import type { Digest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import { Refusal } from '../reasons.ts';
import type { Content, ReadManifest } from './content.ts';
import { acceptImages, acceptReferrers, type Descriptor, parseDescriptor } from './manifest.ts';
import { mapParallel } from './parallel.ts';
import type { MayHold, Reading } from './reading.ts';
import { fallbackTag, type ListSources, listReferrers } from './referrers.ts';

export interface ReferringSources extends ListSources {
  readonly content: Content;
}

/** What is read of the manifests that refer to one digest. */
export interface Referred {
  readonly repository: Repository;
  readonly digest: Digest;
  /** How many of them are read. */
  readonly most: number;
  /** What is missing where some could not be read. */
  readonly mayHold: MayHold;
}

/**
 * Reads the manifests that refer to a digest, and gives what `of` makes of each. The referrers API and the fallback tag are asked side by
 * side, always both. Whatever cannot be read is put down.
 */
export async function readReferrers<T>(
  sources: ReferringSources,
  reading: Reading,
  { repository, digest, most, mayHold }: Referred,
  of: (read: ReadManifest) => readonly T[],
): Promise<readonly T[]> {
  const { content, limits } = sources;
  const { spending } = reading;

  /** How many pages there are is chosen by who attaches, too; whoever sends on to the next has answered. */
  function turned(page: number): void {
    reading.begin();
    if (page > 1) reading.hear();
  }

  async function fallback(): Promise<readonly unknown[]> {
    const tag = fallbackTag(digest);
    const read = await reading.attempt(() => content.manifestByTag(repository, tag, acceptImages, spending), mayHold);
    // What is no index is no list: `cosign copy` leaves the image itself under this tag.
    return read?.manifest.kind === 'index' ? read.manifest.manifests : [];
  }

  async function referrer({ digest: own, size }: Descriptor): Promise<ReadManifest> {
    const read = await content.manifestByDigest(repository, own, acceptReferrers, spending, size);
    if (read !== undefined) return read;
    const told = `the registry lists the referrer ${repositoryName(repository)}@${own} and does not have it`;
    throw new Refusal('content-missing', told);
  }

  const listing = { ...sources, limits: { ...limits, referrers: most } };
  const [listed, tagged] = await Promise.all([
    listReferrers(listing, repository, digest, spending, turned),
    fallback(),
  ]);
  if (listed.problem === undefined || listed.descriptors.length > 0) reading.hear();
  if (listed.problem !== undefined) reading.putDown(listed.problem, mayHold);
  const wanted = new Map<Digest, Descriptor>();
  let malformed = 0;
  let left = 0;
  for (const value of [...listed.descriptors, ...tagged]) {
    const descriptor = parseDescriptor(value);
    if (descriptor === undefined) malformed++;
    else if (wanted.has(descriptor.digest)) continue;
    else if (wanted.size < most) wanted.set(descriptor.digest, descriptor);
    else left++;
  }
  const subject = `the referrers of ${repositoryName(repository)}@${digest}`;
  if (malformed > 0) {
    const told = `${subject} are listed in a way that breaks the format`;
    reading.putDown(new Refusal('malformed-manifest', told), mayHold);
  }
  if (left > 0 && listed.problem?.reason !== 'too-many-referrers') {
    reading.putDown(new Refusal('too-many-referrers', `${subject} are more than ${most}`), mayHold);
  }
  // A manifest's bytes are let go as soon as it is known what they hold: of 200 they would be up to 800 MB.
  const made = await mapParallel([...wanted.values()], limits.parallel, async (descriptor) => {
    const read = await reading.attempt(() => referrer(descriptor), mayHold);
    return read === undefined ? [] : of(read);
  });
  return made.flat();
}
