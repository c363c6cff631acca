import type { Objection } from '../anchor-judge.ts';

/** Why a signature does not count by a trust policy. */
export interface NotaryObjection extends Objection {
  readonly reason: keyof typeof notaryProgress;
  /** As of an Examination. */
  readonly isUndecided?: boolean;
}

/** The conditions in their order. What nobody could say comes last: with an answer it might have passed. */
export const notaryProgress = {
  'trust-policy-missing': 0,
  'certificate-missing': 1,
  'certificate-usage': 2,
  'signature-mismatch': 3,
  'other-image': 4,
  'annotation-mismatch': 5,
  'attribute-unknown': 6,
  'certificate-untrusted': 7,
  'identity-untrusted': 8,
  'signature-expired': 9,
  'certificate-expired': 10,
  'timestamp-missing': 11,
  'timestamp-mismatch': 12,
  'certificate-revoked': 13,
  'too-many-signatures': 14,
  'revocation-unavailable': 15,
} as const;

export function objection(reason: NotaryObjection['reason'], message: string): NotaryObjection {
  return { reason, message };
}
