import { createHash } from 'node:crypto';
import { type Repository, repositoryName } from '../image/repository.ts';
import { isOnesOwn, type Refusal } from '../reasons.ts';
import type { Attached } from '../registry/registry.ts';
import type { Slices } from '../slices.ts';
import type { Check } from '../trust/check.ts';
import type { Gathered } from './evidence.ts';
import { readEvidenceInSlices } from './read.ts';

/** What one signature repository holds about a digest. */
export interface Found {
  readonly evidence: Gathered;
  readonly unreadable: readonly Refusal[];
}

/** Reads what is attached. The largest slices are of one pass over 16 MiB, a parser's or a hash's. */
export function* foundInSlices(attached: Attached): Slices<Found> {
  return { evidence: yield* readEvidenceInSlices(attached.items), unreadable: attached.unreadable };
}

/** SHA-256, hex, over what was found and what was not read: two that are equal are judged alike. */
export function foundHash({ evidence: { evidence, rejected }, unreadable }: Found): string {
  const parts = [
    evidence.map(({ kind, hash, repository }) => [kind, hash, repositoryName(repository)]),
    rejected.map(({ message, repository }) => [message, repositoryName(repository)]),
    unreadable.map(({ reason, message }) => [reason, message]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A repository that could not be asked at all. */
export function nothingFound(refusal: Refusal): Found {
  return { evidence: { evidence: [], rejected: [] }, unreadable: [refusal] };
}

/**
 * Whether it is good for another review that waited for it, which has time and bytes of its own: what only the first review
 * ran out of, the other asks itself. Nor does one that came when the reading was `behind` take it for granted that there is no signature:
 * the image may have been signed in between.
 */
export function holdsForOthers({ unreadable, evidence: { evidence } }: Found, behind: boolean): boolean {
  if (unreadable.some(isOnesOwn)) return false;
  return !behind || evidence.some(({ kind }) => kind !== 'attestation');
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
    },
    unreadable: read.flatMap((one) => one.unreadable),
  };
}
