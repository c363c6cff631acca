import { ObjectError, type Objects } from '../../../shared/aws/objects.ts';
import { refreshing } from '../../../shared/aws/refreshing.ts';
import type { Clock } from '../../../shared/net/deadline.ts';
import { messageOf, Refusal } from '../../../shared/reasons.ts';
import type { TrustRoot, TrustRoots } from '../../../shared/trust/root/trust-root.ts';
import type { FoundRoot } from '../../../shared/trust-roots/found.ts';

/** Where `trust-refresh` publishes it in its bucket. */
export const publishedKey = 'trust/trusted_root.json';

export interface PublishedOptions {
  readonly objects: Objects;
  readonly clock: Clock;
  /** What is in force until a published one has been read. */
  readonly own: TrustRoots;
  /** Told of each root that comes into force. */
  loaded(found: FoundRoot): void;
  /** Told of each try that failed; the root that was in force stays. */
  failed(why: string): void;
}

/** Milliseconds in which it is not asked for again, whatever was answered. */
const freshMs = 30_000;
/** Milliseconds that an answer may take, and never more than half of a review's time. */
const timeoutMs = 1000;

interface Published {
  readonly root: TrustRoot;
  readonly etag: string | undefined;
}

/**
 * The published trust root, asked for anew every 30 s while checks need one. What was read stays in force while it cannot be read again;
 * an instance that never could has its own. Never rejects for what is published. A review that leaves no time to find out is refused, late:
 * whoever sends it would choose the root that decides.
 */
export function publishedRoots({ objects, clock, own, loaded, failed }: PublishedOptions): TrustRoots {
  let held: Published | undefined;
  let freshUntil = Number.NEGATIVE_INFINITY;
  /** Until then it is known that it cannot be read. */
  let failedUntil = Number.NEGATIVE_INFINITY;

  async function load(signal: AbortSignal) {
    const { largestRoot, readTrustRoot } = await import('../../../shared/trust/root/read.ts');
    const answer = await objects.read(publishedKey, { etag: held?.etag, limit: largestRoot, signal });
    if (answer !== 'unchanged') {
      const { bytes, etag, writtenAt } = answer;
      const read = readTrustRoot(bytes);
      held = { root: read.root, etag };
      loaded({ ...read, title: 'the published trust root', date: writtenAt });
    }
    if (held === undefined) throw new Error('nothing is held that could be unchanged');
    freshUntil = clock() + freshMs;
    return { value: held, freshUntil, staleUntil: Number.POSITIVE_INFINITY };
  }

  const read = refreshing<Published>({
    load,
    clock,
    timeoutMs,
    negativeMs: freshMs,
    servesStale: () => true,
    late: () => new ObjectError('slow', `${publishedKey} could not be read in time`),
    failed: (thrown) => {
      failedUntil = clock() + freshMs;
      failed(messageOf(thrown));
    },
  });

  return (deadline) => {
    if (held !== undefined && clock() < freshUntil) return held.root;
    const ms = deadline === undefined ? timeoutMs : Math.min(timeoutMs, Math.ceil(deadline.remaining() / 2));
    const signal = AbortSignal.timeout(Math.max(0, ms));
    return read(signal).then(
      ({ root }) => root,
      () => {
        const isUnknown = held === undefined && clock() >= failedUntil;
        if (ms < timeoutMs && isUnknown)
          throw new Refusal('deadline', 'there was no time to read the published trust root');
        return held?.root ?? own(deadline);
      },
    );
  };
}
