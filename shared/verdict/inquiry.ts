import type { Digest } from '../image/digest.ts';
import type { Want } from '../ledger/ledger.ts';
import type { Verification } from '../ledger/verification.ts';
import type { Hosts } from '../plan/hosts.ts';
import type { Plan, Target, TargetCheck } from '../plan/plan.ts';
import { Refusal } from '../reasons.ts';
import type { Image } from '../registry/registry.ts';
import type { Outcome } from '../verify/outcome.ts';

/** What was found out about one target of a review's plan. */
export interface Inquiry {
  readonly target: Target;
  /** The registry is named by the rules in force or the settings; any other one is its author's choice. */
  readonly named: boolean;
  /** By the very name that the image has: which one is asked is its author's choice as well. */
  readonly written: boolean;
  /** Milliseconds. */
  readonly startedAt: number;
  /** By index in the plan, as the checks are. */
  readonly findings: (Finding | undefined)[];
  digest: Digest | undefined;
  /** The digest is the ledger's word for where the tag points: good for a pass, never for a denial. */
  pointed: boolean;
  image: Image | undefined;
  /** Why nothing can be said about this image. */
  refusal: Refusal | undefined;
  requests: number;
  /** Bytes of bodies that were read for it, by this review or by another one that it waited for. */
  read: number;
  /** Its registry has answered about it, by a body that began or by saying no. */
  heard: boolean;
  /** A request of it had to wait for others of the same review. */
  waited: boolean;
  /** Milliseconds for which one of its requests waited for those of other reviews, which were being answered. */
  crowded: number;
  /** Milliseconds for which it was ready and the object's other images were not. */
  heldUp: number;
  source: 'registry' | 'ledger';
  ms: number;
}

export type Finding =
  | { readonly from: 'ledger'; readonly verification: Verification }
  | { readonly from: 'registry'; readonly outcome: Outcome };

/** An inquiry for each target of a plan, by index in the plan. @param now milliseconds. */
export function openInquiries({ targets }: Plan, hosts: Hosts, now: number): Inquiry[] {
  const inquiries: Inquiry[] = [];
  for (const target of targets.values()) inquiries.push(openInquiry(target, hosts, now));
  return inquiries;
}

function openInquiry(target: Target, { named: names, asked, written, others }: Hosts, now: number): Inquiry {
  const { registry } = target.reference.repository;
  const named = names === 'all' || names.has(registry);
  const refused = asked !== 'all' && !asked.has(registry) && !others(registry);
  return {
    target,
    named,
    written: written === 'all' || written.has(registry),
    startedAt: now,
    findings: [],
    digest: target.reference.digest,
    pointed: false,
    image: undefined,
    refusal: refused
      ? new Refusal('host-refused', `${registry} is not among the registries that may be called`)
      : undefined,
    requests: 0,
    read: 0,
    heard: false,
    waited: false,
    crowded: 0,
    heldUp: 0,
    source: 'ledger',
    ms: 0,
  };
}

/** What the ledger is asked about an image. */
export function wanted({ target, digest }: Inquiry): Want {
  const { reference, credentials, checks } = target;
  return { repository: reference.repository, tag: reference.tag, digest, credentials, checks: [...checks.values()] };
}

/** The checks that nobody has answered yet. */
export function unanswered({ target, findings }: Inquiry): TargetCheck[] {
  const missing: TargetCheck[] = [];
  for (const check of target.checks.values()) if (findings[check.at] === undefined) missing.push(check);
  return missing;
}

/** How many distinct images these are: one that is read with several credentials is one. */
export function countImages(inquiries: readonly Inquiry[]): number {
  if (readAlike(inquiries)) return inquiries.length;
  return new Set(inquiries.map(({ target }) => target.image)).size;
}

/**
 * Refuses an image whose tag names different digests to different credentials: one digest is pinned for all, so it must be the one
 * that every rule has seen.
 */
export function refuseDisagreement(inquiries: readonly Inquiry[]): void {
  if (readAlike(inquiries)) return;
  for (const [image, same] of Map.groupBy(inquiries, ({ target }) => target.image)) {
    const digests = new Set(same.flatMap(({ digest }) => digest ?? []));
    if (digests.size < 2) continue;
    const told = `${image} names ${[...digests].join(' and ')}, depending on the credentials that it is read with`;
    for (const inquiry of same) inquiry.refusal = new Refusal('digest-mismatch', told);
  }
}

/** All are read with the same credentials, so that no two of them are the same image. */
function readAlike(inquiries: readonly Inquiry[]): boolean {
  const first = inquiries[0]?.target.credentials.key;
  for (const { target } of inquiries) if (target.credentials.key !== first) return false;
  return true;
}
