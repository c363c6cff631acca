import type { Scope, WebhookPurpose } from '../admission/path.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { printableLines } from '../printable.ts';
import type { Refusal } from '../reasons.ts';
import { decide } from '../verdict/decision.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { auditAnnotations } from './audit.ts';
import { denialMessage, oneWarning, warningsOf } from './message.ts';
import { patchOf } from './patch.ts';
import { type AdmissionRecord, recordOf } from './record.ts';

/** AdmissionReview of admission.k8s.io/v1 with its response: what the API server takes for an answer. */
export interface ReviewResponse {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
    readonly patchType?: 'JSONPatch';
    /** base64 of the JSON Patch. */
    readonly patch?: string;
    readonly warnings?: readonly string[];
    readonly auditAnnotations?: Readonly<Record<string, string>>;
  };
}

export interface Answered {
  readonly body: ReviewResponse;
  readonly record: AdmissionRecord;
}

export interface AnswerContext {
  readonly cluster: string;
  readonly purpose: WebhookPurpose;
  readonly policySet: string;
}

/** Makes the response from the verdicts: denial, or patch and warnings. */
export function answerReview(
  request: AdmissionRequest,
  verdicts: readonly Verdict[],
  context: AnswerContext,
): Answered {
  const decision = decide(verdicts);
  const record = recordOf(request, verdicts, { ...context, allowed: decision.allowed });
  const audit = auditAnnotations(record, request.uid);
  const { warned, noted } = decision;
  const warnings = warned.length + noted.length === 0 ? undefined : warningsOf(warned, noted);
  const common = {
    uid: request.uid,
    ...(warnings === undefined ? {} : { warnings }),
    ...(audit === undefined ? {} : { auditAnnotations: audit }),
  };
  if (!decision.allowed) {
    const status = {
      code: decision.status,
      reason: decision.status === 503 ? 'ServiceUnavailable' : 'Forbidden',
      message: denialMessage(request, decision),
    };
    return { body: envelope({ ...common, allowed: false, status }), record };
  }
  const patch = context.purpose === 'mutate' ? patchOf(request, verdicts) : [];
  if (patch.length === 0) return { body: envelope({ ...common, allowed: true }), record };
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  return { body: envelope({ ...common, allowed: true, patchType: 'JSONPatch', patch: encoded }), record };
}

/**
 * Answers a request that no rule could be asked about: it is malformed, the policies do not load, the cluster or scope is not
 * there. Which of the scope's rules would have blocked is not known, so all would; of scope `audit` none does, and what is
 * unavailable does not block under failurePolicy Ignore.
 */
export function refuseReview(uid: string, refusal: Refusal, scope: Scope['kind']): ReviewResponse {
  // Policies that do not load are told in several lines.
  const message = printableLines(`${refusal.kind} (${refusal.reason}): ${refusal.message}`);
  const unavailable = refusal.kind === 'unavailable';
  if (scope === 'audit' || (scope === 'ignore' && unavailable)) {
    return envelope({ uid, allowed: true, warnings: [oneWarning(message)] });
  }
  const code = unavailable ? 503 : 403;
  const reason = unavailable ? 'ServiceUnavailable' : 'Forbidden';
  return envelope({ uid, allowed: false, status: { code, reason, message } });
}

/** Admits a request that no rule has anything to say about. */
export function admit(uid: string): ReviewResponse {
  return envelope({ uid, allowed: true });
}

function envelope(response: ReviewResponse['response']): ReviewResponse {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}
