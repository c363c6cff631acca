import { type Signer, signerName } from '../ledger/verification.ts';
import type { EntryPlan, Plan, QuestionPlan, TargetCheck } from '../plan/plan.ts';
import type { Entry } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import type { Inquiry } from './inquiry.ts';
import { combine, type Effort, type Judgement, kindOf, settledVerdict, type Verdict } from './verdict.ts';

/**
 * The verdict on a question, from what was found out about its image; `undefined` where the purpose asks nothing of it.
 * `inquiries` are those of the plan's targets, by index in the plan.
 */
export function judge(planned: QuestionPlan, plan: Plan, inquiries: readonly Inquiry[]): Verdict | undefined {
  const { question } = planned;
  const { reference, ask } = question;
  if (ask === 'unchanged') return settledVerdict(question, 'unchanged', 'the image is as it was before the update');
  if (ask === 'skipped') return settledVerdict(question, 'image-skipped', 'covered by skipImageReferences');
  if (reference === undefined) {
    const problem = question.problem ?? new Refusal('internal-error', 'an image without a reference');
    return settledVerdict(question, problem.reason, problem.message);
  }
  const judgements: Judgement[] = [];
  const looked: Inquiry[] = [];
  for (const entry of planned.entries) {
    const inquiry = entry.task === 'refuse' ? undefined : inquiries[entry.target.at];
    if (inquiry !== undefined && !looked.includes(inquiry)) looked.push(inquiry);
    judgements.push(judgeEntry(entry, inquiry));
  }
  const [first, ...rest] = judgements;
  if (first === undefined) return undefined;
  // Another rule may have looked at an image that this one refuses without a look.
  const known = looked.length > 0 ? undefined : plan.targets.get(planned.image);
  const other = known === undefined ? undefined : inquiries[known.at];
  if (other !== undefined) looked.push(other);
  return combine(question, [first, ...rest], looked[0]?.digest ?? reference.digest, effortOf(looked));
}

function judgeEntry(planned: EntryPlan, inquiry: Inquiry | undefined): Judgement {
  const { entry, task } = planned;
  if (task === 'refuse') return no(entry, planned.refusal);
  if (inquiry === undefined) return no(entry, notLookedAt());
  if (task === 'unpinned') {
    const judgement = judgeImage(entry, planned.check, inquiry);
    return kindOf(judgement.reason) === 'unavailable' ? judgement : no(entry, planned.refusal);
  }
  return judgeImage(entry, task === 'verify' ? planned.check : undefined, inquiry);
}

/** By its check where the entry has one, else by its digest alone. */
function judgeImage(entry: Entry, check: TargetCheck | undefined, inquiry: Inquiry): Judgement {
  const { refusal, digest, findings } = inquiry;
  if (refusal !== undefined) return no(entry, refusal);
  if (digest === undefined) return no(entry, notLookedAt());
  if (check === undefined) {
    return { entry, reason: 'digest-resolved', message: `the digest is ${digest}`, signers: [], attestors: [] };
  }
  const finding = findings[check.at];
  if (finding === undefined) return no(entry, notLookedAt());
  if (finding.from === 'ledger') {
    const { signers } = finding.verification;
    return { entry, reason: 'verified', message: verifiedBy(signers), signers, attestors: [] };
  }
  const { outcome } = finding;
  const { attestors } = outcome;
  if (!outcome.pass) return { entry, reason: outcome.reason, message: outcome.message, signers: [], attestors };
  return { entry, reason: 'verified', message: verifiedBy(outcome.signers), signers: outcome.signers, attestors };
}

function no(entry: Entry, { reason, message }: Refusal): Judgement {
  return { entry, reason, message, signers: [], attestors: [] };
}

function notLookedAt(): Refusal {
  return new Refusal('internal-error', 'the image was not looked at');
}

/** Of an image that was read with several credentials: all requests, and the longest time. */
function effortOf(inquiries: readonly Inquiry[]): Effort {
  const effort = { requests: 0, ms: 0, source: 'none' as Effort['source'] };
  for (const { requests, ms, source } of inquiries) {
    effort.requests += requests;
    effort.ms = Math.max(effort.ms, ms);
    if (effort.source !== 'registry') effort.source = source;
  }
  return effort;
}

/** A key is told by 16 digits of its hash, as elsewhere; what is no hash of a key, a person's identity, is told whole. */
export function verifiedBy(signers: readonly Pick<Signer, 'attestor' | 'identity' | 'issuer'>[]): string {
  const isHash = (identity: string) => identity.length === 71 && identity.startsWith('sha256:');
  const shown = (identity: string) => (isHash(identity) ? identity.slice(0, 23) : identity);
  const by = ({ identity, issuer }: Pick<Signer, 'identity' | 'issuer'>) =>
    signerName({ identity: shown(identity), issuer });
  return `verified: ${signers.map((signer) => `${signer.attestor} by ${by(signer)}`).join(', ')}`;
}
