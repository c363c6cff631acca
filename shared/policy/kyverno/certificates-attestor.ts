import type { CertificatesAttestor } from '../policy.ts';
import { readCertificates } from './certificates.ts';
import type { AttestorFields } from './fields.ts';
import { type Beside, readAlgorithm } from './keys-attestor.ts';
import { readCtlog, readRekor, warnOfCertificateLog } from './logs.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** As in Kyverno: ten intermediates and a root. */
const longestChain = 11;

/** `certificates` of an attestor; `undefined` where the report says why. */
export function readCertificatesAttestor(
  { certificates, ...fields }: AttestorFields,
  beside: Beside,
  place: Place,
  report: Report,
): CertificatesAttestor | undefined {
  if (certificates === undefined) return undefined;
  const at = place.field('certificates');
  if (!certificates.cert && !certificates.certChain && report.clean(at)) {
    report.problem(at, 'cert or certChain required');
  }
  const cert = readCertificates(certificates.cert, at.field('cert'), 1, report);
  const certChain = readCertificates(certificates.certChain, at.field('certChain'), longestChain, report);
  const algorithmAt = place.field('signatureAlgorithm');
  const signatureAlgorithm = readAlgorithm(fields.signatureAlgorithm, algorithmAt, report);
  if (signatureAlgorithm !== undefined && signatureAlgorithm !== 'sha256' && certificates.certChain) {
    report.problem(algorithmAt, 'has no effect beside certChain: a certificate of a CA says how its key signs');
  }
  const rekor = readRekor(certificates.rekor, at.field('rekor'), report);
  const ctlog = readCtlog(certificates.ctlog, at.field('ctlog'), report);
  if (!certificates.certChain) warnOfCertificateLog(ctlog, at, report);
  if (!report.clean(at)) return undefined;
  return {
    kind: 'certificates',
    ...(cert !== undefined && { cert }),
    ...(certChain !== undefined && { certChain }),
    ...(signatureAlgorithm !== undefined && { signatureAlgorithm }),
    rekor,
    ctlog,
    ...beside,
  };
}
