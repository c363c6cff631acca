import type { CertificateAnchor } from '../../trust/certificate/anchor.ts';
import { certifiedKey } from '../../trust/public-key.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { subjectsOf } from '../../trust/x509/identities.ts';
import type { AnchorJudge } from '../anchor-judge.ts';
import { attempt } from '../attempt.ts';
import { type Certified, certify, certifyAlone } from '../certificates/certify.ts';
import { marksOf } from '../certificates/marks.ts';
import { type CertifiedObjection, certifiedProgress } from '../certificates/progress.ts';
import { signedWith } from '../certificates/signed.ts';
import type { Signature } from '../signature.ts';
import { triedText } from '../tried.ts';

/**
 * A signature counts that the policy's certificate made, or one that was issued under its chain, about this image, in the log where one is
 * asked for, while the certificate was valid.
 */
export const certificateJudge: AnchorJudge<CertificateAnchor> = {
  identity: ({ certificate }) => (certificate === undefined ? undefined : identityOf(certificate)),
  examine(signature, anchor, now) {
    const found = examined(signature, anchor, now);
    if ('reason' in found) return { pass: false, ...found, progress: certifiedProgress[found.reason] };
    const { certificate, issuers, validUntil } = found;
    const identity = identityOf(certificate);
    return {
      pass: true,
      identity,
      marks: marksOf(certificate, issuers),
      validUntil,
      message: `a signature verifies with the certificate of ${identity}`,
    };
  },
  denial({ certificate }, { reason, message }, tried) {
    const signatures = triedText(tried);
    if (reason === 'certificate-missing') return `no signature carries a certificate (${signatures})`;
    if (reason !== 'signature-mismatch') return `a signature ${message}`;
    if (certificate === undefined) return `no signature verifies with its certificate (${signatures})`;
    return `no signature verifies with the certificate of ${identityOf(certificate)} (${signatures})`;
  },
};

function examined(
  signature: Signature,
  { certificate: own, trust, ...wanted }: CertificateAnchor,
  now: number,
): (Certified & { readonly certificate: Certificate }) | CertifiedObjection {
  const certificate = own ?? signature.certificate;
  if (certificate === undefined) return { reason: 'certificate-missing', message: 'carries no certificate' };
  const time = signedWith(certificate, signature, wanted, now);
  if ('reason' in time) return time;
  const certified =
    trust === undefined ? certifyAlone(certificate, time) : certify(certificate, signature, trust, time);
  return 'reason' in certified ? certified : { ...certified, certificate };
}

/** Whom it names; where it names nobody that is a signer, its key. */
function identityOf(certificate: Certificate): string {
  const subjects = attempt(() => subjectsOf(certificate));
  const [subject] = 'error' in subjects ? [] : subjects;
  return subject ?? `sha256:${certifiedKey(certificate.publicKey).spki}`;
}
