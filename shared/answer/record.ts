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

export function recordOf(
  request: AdmissionRequest,
  verdicts: readonly Verdict[],
  context: Pick<AdmissionRecord, 'cluster' | 'step' | 'allowed' | 'policySet' | 'refused'>,
): AdmissionRecord {
  return {
    cluster: context.cluster,
    namespace: request.namespace,
    kind: request.kind.kind,
    name: request.name,
    operation: request.operation,
    user: request.userInfo.username,
    dryRun: request.dryRun,
    step: context.step,
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
