import type { Objection } from '../anchor-judge.ts';
import type { CertificateObjection } from './certify.ts';
import type { SignedObjection } from './signed.ts';

/** Why a certificate's signature does not count, whoever it names. */
export type CertifiedObjection =
  | SignedObjection
  | CertificateObjection
  | (Objection & { readonly reason: 'certificate-missing' });

/** The conditions in their order; whom the certificate names comes after them. */
export const certifiedProgress: Readonly<Record<CertifiedObjection['reason'], number>> = {
  'certificate-missing': 0,
  'signature-mismatch': 1,
  'other-image': 2,
  'annotation-mismatch': 3,
  'log-entry-missing': 4,
  'log-entry-mismatch': 5,
  'timestamp-mismatch': 6,
  'certificate-untrusted': 7,
  'certificate-usage': 8,
  'certificate-expired': 9,
  'certificate-unlogged': 10,
};
