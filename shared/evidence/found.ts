import { createHash } from 'node:crypto';
import { type Repository, repositoryName } from '../image/repository.ts';
import { isOnesOwn, type Refusal } from '../reasons.ts';
import { type Asked, type Attached, signaturesAlone, type Unattested } from '../registry/registry.ts';
import type { Slices } from '../slices.ts';
import type { Check } from '../trust/check.ts';
import type { Gathered, Rejected } from './evidence.ts';
import { readEvidenceInSlices } from './read.ts';

/** What one signature repository holds about a digest. */
export interface Found {
  readonly evidence: Gathered;
  readonly unreadable: readonly Refusal[];
  /** The same of what may hold attestations. */
  readonly unreadableAttestations: readonly Refusal[];
  /** Gives back the room that statements which are kept take: called when they have been verified, once or more. */
  readonly release?: () => void;
}

/**
 * Reads what is attached; statements of the predicate types that were asked for stay at hand. The largest slices are of one pass over
 * 16 MiB, a parser's or a hash's.
 */
export function* foundInSlices(attached: Attached, { predicateTypes }: Asked = signaturesAlone): Slices<Found> {
  const { items, unread, unreadable, unreadableAttestations } = attached;
  const { evidence, rejected } = yield* readEvidenceInSlices(items, (type) => predicateTypes.has(type));
  const unattested = (attached.rejected ?? []).map(rejectedOf);
  return { evidence: { evidence, rejected: [...rejected, ...unattested], unread }, unreadable, unreadableAttestations };
}

function rejectedOf({ repository, manifest, message }: Unattested): Rejected {
  return { repository, layer: manifest, mayHold: 'attestations', message };
}

/** SHA-256, hex, over what was found and what was not read: two that are equal are judged alike. */
export function foundHash({ evidence: { evidence, rejected, unread }, ...found }: Found): string {
  const parts = [
    evidence.map(({ kind, hash, repository }) => [kind, hash, repositoryName(repository)]),
    rejected.map(({ mayHold, message, repository }) => [mayHold, message, repositoryName(repository)]),
    unread.map(({ layer, mediaType, as, repository }) => [layer, mediaType, as, repositoryName(repository)]),
    found.unreadable.map(({ reason, message }) => [reason, message]),
    found.unreadableAttestations.map(({ reason, message }) => [reason, message]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A repository that could not be asked at all. */
export function nothingFound(refusal: Refusal): Found {
  const evidence = { evidence: [], rejected: [], unread: [] };
  return { evidence, unreadable: [refusal], unreadableAttestations: [refusal] };
}

/**
 * Whether it is good for another review that waited for it, which has time and bytes of its own: what only the first review
 * ran out of, the other asks itself. Nor does one that came when the reading was `behind` take it for granted that there is no signature, or
 * none of the attestations that it asks for: the image may have been signed in between.
 */
export function holdsForOthers(
  found: Found,
  behind: boolean,
  { cosign, notary, predicateTypes, artifactTypes }: Asked = signaturesAlone,
): boolean {
  const { evidence } = found.evidence;
  if ([...found.unreadable, ...found.unreadableAttestations].some(isOnesOwn)) return false;
  if (!behind) return true;
  const signatures = new Set(evidence.flatMap(({ kind }) => (kind === 'attestation' ? [] : [kind])));
  const isNotary = signatures.delete('notary-signature');
  const attestations = evidence.filter((one) => one.kind === 'attestation');
  const states = (type: string, isByNotary: boolean) =>
    attestations.some((one) => one.predicateType === type && (one.carrier === 'notary-signature') === isByNotary);
  const isSigned = (!cosign || signatures.size > 0) && (!notary || isNotary);
  const isAttested = [...predicateTypes].every((type) => states(type, false));
  return isSigned && isAttested && [...artifactTypes].every((type) => states(type, true));
}

/** What was found in the repositories that a check reads, by their names; `own` is the image's. */
export function foundFor(check: Check, own: Repository, found: ReadonlyMap<string, Found>): Found {
  const read = check.repositories
    .map((repository) => found.get(repositoryName(repository ?? own)))
    .filter((one) => one !== undefined);
  const [only, another] = read;
  if (only !== undefined && another === undefined) return only;
  return {
    evidence: {
      evidence: read.flatMap((one) => one.evidence.evidence),
      rejected: read.flatMap((one) => one.evidence.rejected),
      unread: read.flatMap((one) => one.evidence.unread),
    },
    unreadable: read.flatMap((one) => one.unreadable),
    unreadableAttestations: read.flatMap((one) => one.unreadableAttestations),
  };
}
