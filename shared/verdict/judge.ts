import { titleOf } from '../conditions/weigh.ts';
import { type Signer, signerName } from '../ledger/verification.ts';
import type { AskedOfTarget, EntryPlan, Plan, QuestionPlan } from '../plan/plan.ts';
import type { Entry, WantedAttestation } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { type Reason, Refusal } from '../reasons.ts';
import type { Objection } from '../verify/anchor-judge.ts';
import type { AttestorResult } from '../verify/outcome.ts';
import type { Finding, Inquiry, WeighedObjection } from './inquiry.ts';
import {
  type AttestationResult,
  combine,
  type Effort,
  type Judgement,
  kindOf,
  settledVerdict,
  type Verdict,
} from './verdict.ts';
import { asksConditions } from './weigher.ts';

/**
 * The verdict on a question, from what was found out about its image; `undefined` where the purpose asks nothing of it.
 * `inquiries` are those of the plan's targets, by index in the plan.
 */
export function judge(planned: QuestionPlan, plan: Plan, inquiries: readonly Inquiry[]): Verdict | undefined {
  const { question } = planned;
  const { reference, ask } = question;
  if (ask === 'unchanged') return settledVerdict(question, 'unchanged', 'the image is as it was before the update');
  if (ask === 'skipped') return settledVerdict(question, 'image-skipped', 'covered by skipImageReferences');
  if (ask === 'unmet') return settledVerdict(question, 'preconditions-unmet', "the rule's preconditions do not hold");
  if (ask === 'excepted') return settledVerdict(question, 'policy-exception', exceptedBy(question));
  if (ask === 'no-image') {
    const { searched = [] } = question;
    return settledVerdict(question, 'no-image', `the rule's imageExtractors find nothing at ${searched.join(', ')}`);
  }
  if (question.problem !== undefined || reference === undefined) {
    const problem = question.problem ?? new Refusal('internal-error', 'an image without a reference');
    return settledVerdict(question, problem.reason, problem.message);
  }
  const judgements: Judgement[] = [];
  const looked: Inquiry[] = [];
  for (const entry of planned.entries) {
    const inquiry = entry.task === 'refuse' ? undefined : inquiries[entry.target.at];
    if (inquiry !== undefined && !looked.includes(inquiry)) looked.push(inquiry);
    judgements.push(ofChosen(question, inquiry, judgeEntry(entry, inquiry)));
  }
  const [first, ...rest] = judgements;
  if (first === undefined) return undefined;
  // Another rule may have looked at an image that this one refuses without a look.
  const known = looked.length > 0 ? undefined : plan.targets.get(planned.image);
  const other = known === undefined ? undefined : inquiries[known.at];
  if (other !== undefined) looked.push(other);
  return combine(question, [first, ...rest], looked[0]?.digest ?? reference.digest, effortOf(looked));
}

/** In Kyverno's words, which people look for. */
function exceptedBy({ exceptions = [] }: Question): string {
  return `rule is skipped due to policy exceptions: ${exceptions.join(', ')}`;
}

function judgeEntry(planned: EntryPlan, inquiry: Inquiry | undefined): Judgement {
  const { entry, task } = planned;
  if (task === 'refuse') return no(entry, planned.refusal);
  if (inquiry === undefined) return no(entry, notLookedAt());
  if (task === 'resolve') return judgeImage(entry, undefined, inquiry);
  if (task === 'verify') return judgeImage(entry, planned, inquiry);
  const judgement = judgeImage(entry, planned, inquiry);
  return kindOf(judgement.reason) === 'unavailable' ? judgement : no(entry, planned.refusal);
}

/**
 * Where the object says that signatures are at another registry than the image, and not all could be read, that is its author's doing: the
 * image can be pulled, and under failurePolicy Ignore would be admitted.
 */
function ofChosen({ chosen }: Question, inquiry: Inquiry | undefined, judgement: Judgement): Judgement {
  if (chosen === undefined || inquiry === undefined || inquiry.refusal !== undefined) return judgement;
  const { reason, message } = judgement;
  const { registry } = inquiry.target.reference.repository;
  if (kindOf(reason) !== 'unavailable' || [...chosen].every((one) => one === registry)) return judgement;
  const told = `${message} (${reason}); the object says that signatures are at ${[...chosen].join(' and ')}`;
  return { ...judgement, reason: 'registry-not-named', message: told };
}

/** By what the entry asks of the target where that is anything, else by its digest alone. */
function judgeImage(entry: Entry, asked: AskedOfTarget | undefined, inquiry: Inquiry): Judgement {
  const { refusal, digest, findings } = inquiry;
  if (refusal !== undefined) return no(entry, refusal);
  if (digest === undefined) return no(entry, notLookedAt());
  if (asked === undefined || (asked.check === undefined && asked.attestations.length === 0))
    return no(entry, { reason: 'digest-resolved', message: `the digest is ${digest}` });
  const signed = asked.check === undefined ? nothingAsked : said(findings[asked.check.at]);
  const attested = asked.attestations.map(({ wanted, check }) => ({
    wanted,
    ...attestationOf(wanted, said(findings[check.at])),
  }));
  const by = {
    attestors: signed.attestors,
    attestations: attested.map(({ result }) => result),
  };
  const failing = signed.objection ?? attested.find(({ objection }) => objection !== undefined)?.objection;
  if (failing !== undefined)
    return {
      ...no(entry, failing),
      ...by,
      attestations: attested.map(({ wanted, result }) => unweighed(wanted, entry, result)),
    };
  const weighed = asksConditions(entry) ? weighedOf(asked, inquiry) : undefined;
  if (weighed !== undefined)
    return { ...no(entry, titled(asked, weighed)), ...by, attestations: withObjection(by.attestations, weighed) };
  const signers = [...signed.signers, ...attested.flatMap((one) => one.signers)];
  const notes = [signed, ...attested].flatMap((one) => one.notes ?? []);
  const noted = notes.length === 0 ? {} : { notes };
  const message = signers.length === 0 ? waivedBy(signed.attestors) : verifiedBy(signers);
  return { entry, reason: 'verified', message, signers, ...noted, ...by };
}

/** What a finding says of its check. */
interface Said {
  readonly objection: Objection | undefined;
  readonly signers: readonly Signer[];
  readonly attestors: readonly AttestorResult[];
  readonly notes?: readonly string[] | undefined;
}

const nothingAsked: Said = { objection: undefined, signers: [], attestors: [] };

function said(finding: Finding | undefined): Said {
  if (finding === undefined) return { objection: notLookedAt(), signers: [], attestors: [] };
  if (finding.from === 'ledger') {
    const { signers, notes } = finding.verification;
    return { objection: undefined, signers, attestors: [], notes };
  }
  const { outcome } = finding;
  const { attestors } = outcome;
  return outcome.pass
    ? { objection: undefined, signers: outcome.signers, attestors, notes: outcome.notes }
    : { objection: outcome, signers: [], attestors };
}

/** The same of an attestation: its denial and its notes say of which one. */
function attestationOf(wanted: WantedAttestation, finding: Said): Said & { readonly result: AttestationResult } {
  const { path, name, predicateType } = wanted;
  const { objection, signers, attestors } = finding;
  const title = titleOf(wanted);
  const told =
    objection === undefined ? undefined : { reason: objection.reason, message: `${title}: ${objection.message}` };
  const result = {
    path,
    ...(name === undefined ? {} : { name }),
    predicateType,
    pass: objection === undefined,
    ...(objection === undefined ? {} : { reason: objection.reason }),
    message: objection?.message ?? (signers.length === 0 ? 'verified' : verifiedBy(signers)),
    attestors,
  };
  return { ...finding, notes: finding.notes?.map((note) => `${title}: ${note}`), objection: told, result };
}

/** Where something else is missing nothing is weighed: one that is there must not read as if it had met its conditions. */
function unweighed({ conditions }: WantedAttestation, { deny }: Entry, result: AttestationResult): AttestationResult {
  if (!result.pass || (conditions === undefined && deny === undefined)) return result;
  return { ...result, message: `${result.message}; what it states was not weighed` };
}

/** Conditions are evaluated before anyone is judged; an entry that was left out is no pass. */
function weighedOf(asked: AskedOfTarget, { weighed, unweighed }: Inquiry): WeighedObjection | undefined {
  return weighed.has(asked) ? weighed.get(asked) : (unweighed ?? notLookedAt());
}

/** An objection that stands by itself says of which attestation it is. */
function titled({ attestations }: AskedOfTarget, objection: WeighedObjection): Objection {
  const about = attestations.find(({ wanted }) => wanted.path === objection.path);
  const { reason, message } = objection;
  return about === undefined ? objection : { reason, message: `${titleOf(about.wanted)}: ${message}` };
}

/** The attestation that an objection is about is told with it. */
function withObjection(
  results: readonly AttestationResult[],
  { reason, message, path }: WeighedObjection,
): readonly AttestationResult[] {
  return results.map((result) => (result.path === path ? { ...result, pass: false, reason, message } : result));
}

function no(entry: Entry, { reason, message }: { readonly reason: Reason; readonly message: string }): Judgement {
  return { entry, reason, message, signers: [], attestors: [], attestations: [] };
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

/** Nobody signed, and nobody has to have: who says so is told where it was looked at, and not where the ledger remembers it. */
function waivedBy(attestors: readonly AttestorResult[]): string {
  const leaves = attestors.flatMap(function leavesOf(one): readonly AttestorResult[] {
    return one.children?.flatMap(leavesOf) ?? [one];
  });
  return `verified: ${leaves.find(({ pass }) => pass)?.message ?? 'no signature is asked for'}`;
}

/** A key is told by 16 digits of its hash, as elsewhere; what is no hash of a key, a person's identity, is told whole. */
export function verifiedBy(signers: readonly Pick<Signer, 'attestor' | 'identity' | 'issuer'>[]): string {
  if (signers.length === 0) return 'verified: no signature is asked for';
  const isHash = (identity: string) => identity.length === 71 && identity.startsWith('sha256:');
  const shown = (identity: string) => (isHash(identity) ? identity.slice(0, 23) : identity);
  const by = ({ identity, issuer }: Pick<Signer, 'identity' | 'issuer'>) =>
    signerName({ identity: shown(identity), issuer });
  return `verified: ${signers.map((signer) => `${signer.attestor} by ${by(signer)}`).join(', ')}`;
}
