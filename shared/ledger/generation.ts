import { randomBytes } from 'node:crypto';
import { type Digest, parseDigest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Clock } from '../net/deadline.ts';
import type { Item, Key, Table } from './table.ts';

/** What an event renews: a repository as a whole, or one digest in it. */
export interface Guard {
  readonly repository: Repository;
  readonly digest?: Digest | undefined;
}

/** Random bytes, `size` of them; injected by tests. */
export type Random = (size: number) => Buffer;

/** The generation of what no event has renewed: a value like any other, which no fresh one equals. */
export const absent = 'absent';

/**
 * Seconds that a generation's item stays. Far longer than a verification lives (24 h at most): a generation that went missing
 * would read `absent`, and whatever was stored before the first event would be a hit again.
 */
const lifeSeconds = 7 * 24 * 3600;

export function generationKey(name: string, digest?: Digest): Key {
  return { pk: digest === undefined ? `gen#${name}` : `gen#${name}@${digest}`, sk: 'gen' };
}

/** A generation's item with a fresh random value: never a counter, and never taken from the event. */
export function freshGeneration(guard: Guard, clock: Clock, random: Random = randomBytes): Item {
  return {
    ...generationKey(repositoryName(guard.repository), guard.digest),
    body: random(16).toString('base64url'),
    deleteAt: Math.ceil(clock() / 1000) + lifeSeconds,
  };
}

/**
 * Forgets everything that was read under the guard so far. Needs no MAC key. Rejects where the table does: whoever handles the
 * event must try again, since the promise starts when this has returned.
 */
export async function renewGeneration(
  table: Table,
  guard: Guard,
  options: { readonly clock: Clock; readonly signal: AbortSignal; readonly random?: Random },
): Promise<void> {
  await table.write([freshGeneration(guard, options.clock, options.random)], { signal: options.signal });
}

const namesDigest = /^sha256-([0-9a-f]{64})/;

/**
 * What a push of this tag renews: the digest that the tag names (`sha256-<hex>` with any suffix or none: cosign's `.sig` and
 * `.att`, the OCI referrers fallback tag), for anything else, and for a push without a tag, the repository.
 */
export function renewedBy(pushedTag: string | undefined, repository: Repository): Guard {
  const hex = pushedTag === undefined ? undefined : namesDigest.exec(pushedTag)?.[1];
  const digest = hex === undefined ? undefined : parseDigest(`sha256:${hex}`);
  return digest === undefined ? { repository } : { repository, digest };
}

/**
 * A push of the tag does not renew its repository, so no pointer may be kept for it: an image can be tagged `sha256-...` as well,
 * and its pointer would survive the announcement that the tag moved.
 */
export function pushKeepsRepository(tag: string): boolean {
  return tag.startsWith('sha256-') && namesDigest.test(tag);
}
