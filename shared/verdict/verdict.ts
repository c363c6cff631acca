import type { Digest } from '../image/digest.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Signer } from '../ledger/verification.ts';
import type { Entry } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { type NoReason, type Reason, type ReasonKind, reasons } from '../reasons.ts';
import type { AttestorResult } from '../verify/outcome.ts';

export type Result = 'pass' | 'fail' | 'error' | 'skip';

/** What one entry of a rule says about one image, once its evidence was looked at or could not be. */
export interface Judgement {
  readonly entry: Entry;
  readonly reason: Reason;
  readonly message: string;
  readonly signers: readonly Signer[];
  readonly attestors: readonly AttestorResult[];
  readonly attestations: readonly AttestationResult[];
  /** What was not as it should be, and let the image pass: whoever asks is warned. */
  readonly notes?: readonly string[];
}

/** What one attestation that an entry wants comes to. */
export interface AttestationResult {
  /** `attestations[0]`. */
  readonly path: string;
  readonly name?: string;
  readonly predicateType: string;
  readonly pass: boolean;
  readonly reason?: NoReason;
  readonly message: string;
  /** Each attestor tried, as for signatures. */
  readonly attestors: readonly AttestorResult[];
}

/** How a digest's answer was come by: registry requests sent, milliseconds, and where the answer was. */
export interface Effort {
  readonly requests: number;
  readonly ms: number;
  readonly source: 'registry' | 'ledger' | 'none';
}

/** A rule's result on one image: the worst of its entries' judgements. */
export interface Verdict {
  readonly question: Question;
  readonly reference: ImageReference | undefined;
  readonly digest: Digest | undefined;
  readonly result: Result;
  readonly reason: Reason;
  readonly message: string;
  readonly signers: readonly Signer[];
  readonly attestors: readonly AttestorResult[];
  readonly attestations: readonly AttestationResult[];
  /** What was not as it should be, and let the image pass: each becomes a warning. */
  readonly notes?: readonly string[];
  /** The entry that decided, `verifyImages[0]`; empty where none was asked. */
  readonly entry: string;
  /** A verified digest is to be written into the slot. */
  readonly pin: boolean;
  readonly effort: Effort;
}

/** Which of two verdicts stands when both are about the same image: the higher. */
export const severity: Readonly<Record<ReasonKind, number>> = {
  denied: 4,
  invalid: 3,
  unavailable: 2,
  pass: 1,
  skip: 0,
};
const resultOf: Readonly<Record<ReasonKind, Result>> = {
  denied: 'fail',
  invalid: 'error',
  unavailable: 'error',
  pass: 'pass',
  skip: 'skip',
};

export function kindOf(reason: Reason): ReasonKind {
  return reasons[reason].kind;
}

const noEffort: Effort = { requests: 0, ms: 0, source: 'none' };

/** Of several entries: each attestor's path is told from its entry on. */
function together(judgements: readonly Judgement[]): Pick<Verdict, 'signers' | 'attestors' | 'attestations'> {
  return {
    signers: judgements.flatMap(({ entry, signers }) =>
      signers.map((signer) => ({ ...signer, attestor: `${entry.path}.${signer.attestor}` })),
    ),
    attestors: judgements.flatMap(({ entry, attestors }) => attestors.map((attestor) => within(entry.path, attestor))),
    attestations: judgements.flatMap(({ entry, attestations }) =>
      attestations.map((one) => ({
        ...one,
        path: `${entry.path}.${one.path}`,
        attestors: one.attestors.map((attestor) => within(entry.path, attestor)),
      })),
    ),
  };
}

function within(path: string, attestor: AttestorResult): AttestorResult {
  const { children } = attestor;
  return {
    ...attestor,
    path: `${path}.${attestor.path}`,
    ...(children === undefined ? {} : { children: children.map((child) => within(path, child)) }),
  };
}

/** The verdict on a slot that is not asked about: unchanged, skipped, or not to be asked about at all. */
export function settledVerdict(question: Question, reason: Reason, message: string): Verdict {
  return {
    question,
    reference: question.reference,
    digest: question.reference?.digest,
    result: resultOf[kindOf(reason)],
    reason,
    message,
    signers: [],
    attestors: [],
    attestations: [],
    entry: '',
    pin: false,
    effort: noEffort,
  };
}

/**
 * The worst of the entries' judgements: denied over invalid over unavailable, so that what could not be read never hides what
 * was read and found wanting. The digest is pinned only where every entry passed and one of them asks for it.
 */
export function combine(
  question: Question,
  judgements: readonly [Judgement, ...Judgement[]],
  digest: Digest | undefined,
  effort: Effort,
): Verdict {
  let worst = judgements[0];
  for (const judgement of judgements) {
    if (severity[kindOf(judgement.reason)] > severity[kindOf(worst.reason)]) worst = judgement;
  }
  const result = resultOf[kindOf(worst.reason)];
  const notes = result === 'pass' ? judgements.flatMap((judgement) => judgement.notes ?? []) : [];
  return {
    question,
    reference: question.reference,
    digest,
    result,
    reason: worst.reason,
    message: worst.message,
    ...(judgements.length === 1
      ? { signers: worst.signers, attestors: worst.attestors, attestations: worst.attestations }
      : together(judgements)),
    entry: worst.entry.path,
    pin: result === 'pass' && digest !== undefined && judgements.some(({ entry }) => entry.mutateDigest),
    effort,
    ...(notes.length === 0 ? {} : { notes }),
  };
}
