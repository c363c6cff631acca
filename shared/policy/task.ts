import type { ImageReference } from '../image/reference.ts';
import type { Entry } from './policy.ts';

/** What is asked of an image: mutate and validate as the webhooks do; verify as someone at the command line would. */
export type Purpose = 'mutate' | 'validate' | 'verify';

/**
 * What has to be known of an image, or is settled without looking: `digest-missing` and `no-attestors` are denials. `unpinned` is
 * `digest-missing` too, unless what mutate would have pinned it by cannot be read: what made mutate let the image by under
 * failurePolicy Ignore must not come back as a denial.
 */
export type Task = 'verify' | 'resolve' | 'unpinned' | 'digest-missing' | 'no-attestors';

/**
 * What an entry asks of an image; `undefined`: nothing, for this purpose. mutate verifies whatever has attestors and pins;
 * validate checks `verifyDigest` and, where `required`, verifies again instead of believing an annotation (a hit in the
 * ledger, as a rule).
 */
export function taskOf(entry: Entry, reference: ImageReference, purpose: Purpose): Task | undefined {
  const hasAttestors = entry.attestors.length > 0;
  if (purpose === 'validate') {
    if (entry.verifyDigest && reference.digest === undefined) return entry.mutateDigest ? 'unpinned' : 'digest-missing';
    if (!entry.required) return undefined;
    return hasAttestors ? 'verify' : 'no-attestors';
  }
  if (hasAttestors) return 'verify';
  if (purpose === 'verify' && entry.required) return 'no-attestors';
  return entry.mutateDigest && reference.digest === undefined ? 'resolve' : undefined;
}
