import type { Stated } from '../conditions/stated.ts';
import type { Digest } from '../image/digest.ts';
import type { Want } from '../ledger/ledger.ts';
import type { Verification } from '../ledger/verification.ts';
import type { Hosts } from '../plan/hosts.ts';
import type { AskedOfTarget, Plan, Target, TargetCheck } from '../plan/plan.ts';
import { Refusal } from '../reasons.ts';
import type { Check } from '../trust/check.ts';
import type { Outcome } from '../verify/outcome.ts';
import { hostRefusal, type Look, openLook } from './look.ts';

/** What was found out about one target of a review's plan. */
export interface Inquiry extends Look {
  readonly target: Target;
  /** Milliseconds. */
  readonly startedAt: number;
  /** By index in the plan, as the checks are. */
  readonly findings: (Finding | undefined)[];
  /** Of an entry that asks conditions: why what is attested does not do; `undefined`: it does. Of what `findings` hold, and nothing else. */
  readonly weighed: Map<AskedOfTarget, WeighedObjection | undefined>;
  /** Why conditions were not evaluated. */
  unweighed: Refusal | undefined;
  digest: Digest | undefined;
  /** The digest is the ledger's word for where the tag points: good for a pass, never for a denial. */
  pointed: boolean;
  /** Why nothing can be said about this image. */
  refusal: Refusal | undefined;
  source: 'registry' | 'ledger';
  ms: number;
}

/** Why what is attested does not do, or why nobody can say whether it does. */
export interface WeighedObjection extends Pick<Refusal, 'reason' | 'message'> {
  /** The attestation that it is about. */
  readonly path?: string;
}

export type Finding =
  | { readonly from: 'ledger'; readonly verification: Verification; readonly stated?: readonly Stated[] }
  | { readonly from: 'registry'; readonly outcome: Outcome; readonly stated?: readonly Stated[] };

/** Of a check that wants attestations and was satisfied: what they say, where conditions ask for it. */
export function statedIn(finding: Finding | undefined): readonly Stated[] {
  return finding?.stated ?? [];
}

/** Whether somebody asks what the statements of a check say, and not only that they are there. */
export function asksStated({ wants }: Check): boolean {
  return wants.what === 'attestation' && wants.every;
}

export function isSatisfied(finding: Finding | undefined): boolean {
  return finding !== undefined && (finding.from === 'ledger' || finding.outcome.pass);
}

/** An inquiry for each target of a plan, by index in the plan. @param now milliseconds. */
export function openInquiries({ targets }: Plan, hosts: Hosts, now: number): Inquiry[] {
  const inquiries: Inquiry[] = [];
  for (const target of targets.values()) inquiries.push(openInquiry(target, hosts, now));
  return inquiries;
}

function openInquiry(target: Target, hosts: Hosts, now: number): Inquiry {
  return {
    ...openLook(target, hosts),
    target,
    startedAt: now,
    findings: [],
    weighed: new Map(),
    unweighed: undefined,
    digest: target.reference.digest,
    pointed: false,
    refusal: hostRefusal(target, hosts),
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

/** How many distinct images these are, `others` among them: one that is read with several credentials is one. */
export function countImages(inquiries: readonly Inquiry[], others: readonly string[]): number {
  if (others.length === 0 && readAlike(inquiries)) return inquiries.length;
  return new Set([...inquiries.map(({ target }) => target.image), ...others]).size;
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
