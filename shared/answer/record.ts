import type { WebhookPurpose } from '../admission/path.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { shortened } from '../printable.ts';
import type { NoCode } from '../reasons.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { imageName, shownName } from './message.ts';

/** What one admission leaves behind: its log line, and the audit annotation of the same content. */
export interface AdmissionRecord {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly operation: string;
  readonly user: string;
  readonly dryRun: boolean;
  /** The purpose of the call: mutate or validate. */
  readonly step: string;
  readonly allowed: boolean;
  readonly images: readonly ImageRecord[];
  /** Hash of the policy set in force; empty where none is. */
  readonly policySet: string;
  /** Why no rule could be asked. */
  readonly refused?: NoCode;
}

export interface ImageRecord {
  readonly image: string;
  readonly policy: string;
  readonly rule: string;
  readonly result: string;
  readonly reason: string;
  readonly signers: readonly string[];
  readonly source: string;
}

/** A service account's name has its namespace's in it. */
const longestUser = 512;

/** What a record says of the call itself. */
interface RecordContext extends Pick<AdmissionRecord, 'cluster' | 'allowed' | 'policySet' | 'refused'> {
  readonly purpose: WebhookPurpose;
}

/** Names are cut: their authors choose them, and a line is gathered, shipped and stored whole. */
export function recordOf(
  request: AdmissionRequest,
  verdicts: readonly Verdict[],
  context: RecordContext,
): AdmissionRecord {
  return {
    cluster: context.cluster,
    namespace: shownName(request.namespace),
    kind: shownName(request.kind.kind),
    name: shownName(request.name),
    operation: request.operation,
    user: shortened(request.userInfo.username, longestUser),
    dryRun: request.dryRun,
    step: context.purpose,
    allowed: context.allowed,
    images: verdicts.map((verdict) => ({
      image: imageName(verdict),
      policy: verdict.question.rule.policy,
      rule: verdict.question.rule.name,
      result: verdict.result,
      reason: verdict.code,
      signers: verdict.signers.map((signer) => signer.identity),
      source: verdict.effort.source,
    })),
    policySet: context.policySet,
    ...(context.refused === undefined ? {} : { refused: context.refused }),
  };
}
