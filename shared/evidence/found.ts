import { type Repository, repositoryName } from '../image/repository.ts';
import { isOnesOwn, type Refusal } from '../reasons.ts';
import type { Attached } from '../registry/registry.ts';
import type { Check } from '../trust/check.ts';
import type { Gathered } from './evidence.ts';
import { readEvidence } from './read.ts';

/** What one signature repository holds about a digest. */
export interface Found {
  readonly evidence: Gathered;
  readonly unreadable: readonly Refusal[];
}

export function foundIn(attached: Attached): Found {
  return { evidence: readEvidence(attached.items), unreadable: attached.unreadable };
}

/** A repository that could not be asked at all. */
export function nothingFound(refusal: Refusal): Found {
  return { evidence: { evidence: [], rejected: [] }, unreadable: [refusal] };
}

/**
 * Whether it is good for another review that waited for it, which has time and bytes of its own: what only the first review
 * ran out of, the other asks itself.
 */
export function holdsForOthers({ unreadable }: Found): boolean {
  return !unreadable.some(isOnesOwn);
}

/** What was found in the repositories that a check reads, by their names; `own` is the image's. */
export function foundFor(check: Check, own: Repository, found: ReadonlyMap<string, Found>): Found {
  const places = check.repositories
    .map((place) => found.get(repositoryName(place ?? own)))
    .filter((place) => place !== undefined);
  const [only, another] = places;
  if (only !== undefined && another === undefined) return only;
  return {
    evidence: {
      evidence: places.flatMap((place) => place.evidence.evidence),
      rejected: places.flatMap((place) => place.evidence.rejected),
    },
    unreadable: places.flatMap((place) => place.unreadable),
  };
}
