import type { CertificateTrust } from '../../trust/certificates.ts';
import { inWindow } from '../../trust/root/window.ts';
import { Certificate } from '../../trust/x509/certificate.ts';
import { type IssuerPath, issuersOf, pathsTo, withIntermediates } from '../../trust/x509/issuers.ts';
import type { Objection } from '../anchor-judge.ts';
import { attempt } from '../attempt.ts';
import type { Signature } from '../signature.ts';
import { unlogged } from './sct.ts';

export interface CertificateObjection extends Objection {
  readonly reason: 'certificate-untrusted' | 'certificate-usage' | 'certificate-expired' | 'certificate-unlogged';
}

/** When a signature was made, in milliseconds since 1970. Never empty. */
export interface SigningTime {
  readonly times: readonly number[];
  /** Nothing that is believed tells when: it was judged as of now, so what it comes to ends with the certificate. */
  readonly isNow: boolean;
  /** Until when it may be judged as of now, in milliseconds since 1970: a log that told no time is trusted so long. */
  readonly until: number;
}

/** What lets a certificate through. */
export interface Certified {
  /** Milliseconds since 1970; `undefined`: without end. */
  readonly validUntil: number | undefined;
  /** The CAs above it, on every path; empty where none is asked for. */
  readonly issuers: readonly Certificate[];
}

const codeSigning = '1.3.6.1.5.5.7.3.3';

/**
 * Whether a certificate that signed was issued under an authority of the trust, for code signing, valid whenever the signature is said to
 * have been made, and logged. Certificates that the signature carries count as intermediates only under a root of the trust.
 */
export function certify(
  certificate: Certificate,
  signature: Signature,
  trust: CertificateTrust,
  time: SigningTime,
): Certified | CertificateObjection {
  const issued = pathsFor(certificate, signature, trust);
  if (issued.length === 0) {
    return objection('certificate-untrusted', 'is by a certificate that no CA of the policy issued');
  }
  const judged = attempt(() => judge(certificate, issued, trust, time));
  if (!('error' in judged)) return judged;
  return objection('certificate-usage', 'is by a certificate with an extension that does not parse');
}

function judge(
  certificate: Certificate,
  issued: readonly TrustedPath[],
  { certificateLogs }: CertificateTrust,
  time: SigningTime,
): Certified | CertificateObjection {
  const { unknownCritical } = certificate;
  if (unknownCritical !== undefined) {
    return objection(
      'certificate-usage',
      `is by a certificate with a critical extension that is not understood (${unknownCritical})`,
    );
  }
  if (!certificate.hasUsage(codeSigning)) {
    return objection('certificate-usage', 'is by a certificate that is not for code signing');
  }
  const paths = issued.filter(({ path }) => path.every((one) => one.allows(codeSigning)));
  if (paths.length === 0) {
    return objection('certificate-usage', 'is by a certificate of a CA that may not issue any for code signing');
  }
  const valid = paths.find(({ path, validFor }) =>
    time.times.every((at) => inWindow(validFor, at) && [certificate, ...path].every((one) => one.isValidAt(at))),
  );
  if (valid === undefined) return objection('certificate-expired', expiry(certificate, time));
  const problem = certificateLogs === undefined ? undefined : unlogged(certificate, valid.path[0], certificateLogs);
  if (problem !== undefined) {
    return objection(
      'certificate-unlogged',
      `is by a certificate without a good time stamp of a certificate log (SCT): ${problem}`,
    );
  }
  return {
    validUntil: time.isNow ? Math.min(endOf([certificate, ...valid.path]), valid.validFor.end, time.until) : undefined,
    issuers: [...new Set(issued.flatMap(({ path }) => path))],
  };
}

/** The same for a certificate that the policy itself names: it needs no issuer. */
export function certifyAlone(certificate: Certificate, time: SigningTime): Certified | CertificateObjection {
  if (!time.times.every((at) => certificate.isValidAt(at))) {
    return objection('certificate-expired', expiry(certificate, time));
  }
  return { validUntil: time.isNow ? Math.min(endOf([certificate]), time.until) : undefined, issuers: [] };
}

interface TrustedPath {
  readonly path: IssuerPath;
  readonly validFor: CertificateTrust['authorities'][number]['validFor'];
}

function pathsFor(certificate: Certificate, signature: Signature, trust: CertificateTrust): TrustedPath[] {
  const attached = attachedTo(signature);
  return trust.authorities.flatMap((authority) =>
    pathsTo(certificate, withIntermediates(issuersOf(authority), attached)).map((path) => ({
      path,
      validFor: authority.validFor,
    })),
  );
}

/** Those that the signature carries beside its own. What does not parse is none. */
function attachedTo({ material }: Signature): Certificate[] {
  return material.certificates.slice(1).flatMap((der) => {
    try {
      return [new Certificate(der)];
    } catch {
      return [];
    }
  });
}

function expiry({ window }: Certificate, { times, isNow }: SigningTime): string {
  const valid = `valid from ${dateOf(window.notBefore)} to ${dateOf(window.notAfter)}`;
  if (isNow)
    return `is by a certificate that is not valid now (${valid}), and nothing that is trusted says that it was when it signed`;
  return `was made at ${times.map(dateOf).join(' and ')}, when its certificate or CA was not valid (${valid})`;
}

function dateOf(time: number): string {
  return new Date(time).toISOString();
}

function endOf(certificates: readonly Certificate[]): number {
  return Math.min(...certificates.map(({ window }) => window.notAfter));
}

function objection(reason: CertificateObjection['reason'], message: string): CertificateObjection {
  return { reason, message };
}
