import type { Digest } from '../image/digest.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';
import { repositoryName } from '../image/repository.ts';
import type { CheckQuery, Want } from '../ledger/ledger.ts';
import type { Verification } from '../ledger/verification.ts';
import type { Entry, Rule } from '../policy/policy.ts';
import type { Refusal } from '../reasons.ts';
import type { Image } from '../registry/registry.ts';
import type { Check } from '../trust/check.ts';
import type { Outcome } from '../verify/outcome.ts';

/** One distinct image of a review, whichever slots name it, with every check that is asked of it and what came of them. */
export interface Inquiry {
  readonly reference: ImageReference;
  readonly checks: Map<string, AskedCheck>;
  /** Milliseconds. */
  readonly startedAt: number;
  digest: Digest | undefined;
  /** The digest is the ledger's word for where the tag points: good for a pass, never for a denial. */
  pointed: boolean;
  image: Image | undefined;
  /** Why nothing can be said about this image. */
  refusal: Refusal | undefined;
  requests: number;
  /** A request of this image had to wait behind others of the same review. */
  waited: boolean;
  source: 'registry' | 'ledger';
  ms: number;
}

export interface AskedCheck {
  readonly check: Check;
  readonly query: CheckQuery;
  /** The rule that asked first; the ledger's list shows it. */
  readonly asker: Rule;
  answer?: Answer;
}

export type Answer =
  | { readonly from: 'ledger'; readonly verification: Verification }
  | { readonly from: 'registry'; readonly outcome: Outcome };

export function openInquiry(reference: ImageReference, now: number): Inquiry {
  return {
    reference,
    checks: new Map(),
    startedAt: now,
    digest: reference.digest,
    pointed: false,
    image: undefined,
    refusal: undefined,
    requests: 0,
    waited: false,
    source: 'ledger',
    ms: 0,
  };
}

/** Slots with the same key are one image: where there is a digest, the tag is decoration. */
export function inquiryKey(reference: ImageReference): string {
  const { repository, digest } = reference;
  return digest === undefined ? formatReference(reference) : `${repositoryName(repository)}@${digest}`;
}

/** Asks a check of an image, once whoever asks. */
export function askCheck(inquiry: Inquiry, check: Check, entry: Entry, asker: Rule): void {
  const key = checkKey(check, entry);
  if (inquiry.checks.has(key)) return;
  const repositories = [inquiry.reference.repository];
  for (const repository of check.repositories) if (repository !== undefined) repositories.push(repository);
  inquiry.checks.set(key, { check, query: { hash: check.hash, repositories, useCache: entry.useCache }, asker });
}

export function answerTo(inquiry: Inquiry, check: Check, entry: Entry): Answer | undefined {
  return inquiry.checks.get(checkKey(check, entry))?.answer;
}

/** An entry that opts out of the cache is answered apart from those that do not. */
function checkKey(check: Check, { useCache }: Entry): string {
  return useCache ? check.hash : `${check.hash}#uncached`;
}

/** What the ledger is asked about an image. */
export function wanted({ reference, digest, checks }: Inquiry): Want {
  const queries: CheckQuery[] = [];
  for (const asked of checks.values()) queries.push(asked.query);
  return { repository: reference.repository, tag: reference.tag, digest, checks: queries };
}
