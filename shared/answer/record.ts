import type { WebhookPurpose } from '../admission/path.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import type { NoCode } from '../reasons.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { imageName } from './message.ts';

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

/** What a record says of the call itself. */
interface RecordContext extends Pick<AdmissionRecord, 'cluster' | 'allowed' | 'policySet' | 'refused'> {
  readonly purpose: WebhookPurpose;
}

export function recordOf(
  request: AdmissionRequest,
  verdicts: readonly Verdict[],
  context: RecordContext,
): AdmissionRecord {
  return {
    cluster: context.cluster,
    namespace: request.namespace,
    kind: request.kind.kind,
    name: request.name,
    operation: request.operation,
    user: request.userInfo.username,
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
