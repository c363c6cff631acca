import { signerName } from '../../ledger/verification.ts';
import { shortened } from '../../printable.ts';
import type { IdentityAnchor, TextPattern } from '../../trust/identity/anchor.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { extensionText, issuerOf, subjectsOf } from '../../trust/x509/identities.ts';
import type { AnchorJudge, Objection } from '../anchor-judge.ts';
import { attempt } from '../attempt.ts';
import { type Certified, certify } from '../certificates/certify.ts';
import { marksOf } from '../certificates/marks.ts';
import { type CertifiedObjection, certifiedProgress } from '../certificates/progress.ts';
import { signedWith } from '../certificates/signed.ts';
import type { Signature } from '../signature.ts';
import { triedText } from '../tried.ts';

interface MatchObjection extends Objection {
  readonly reason: 'issuer-mismatch' | 'subject-mismatch' | 'extension-mismatch';
}

type IdentityObjection = CertifiedObjection | MatchObjection;

/** Who signed comes last: what else is wrong is not told of a signer that nobody asked for. */
const progress: Readonly<Record<IdentityObjection['reason'], number>> = {
  ...certifiedProgress,
  'issuer-mismatch': 11,
  'subject-mismatch': 12,
  'extension-mismatch': 13,
};

/**
 * A signature counts that a certificate's key made, about this image, in the log where one is asked for, while the certificate was valid;
 * that a CA of the trust issued; and whose names are those that the policy asks for. One signature has to have all of it.
 */
export const identityJudge: AnchorJudge<IdentityAnchor> = {
  identity: () => undefined,
  examine(signature, anchor, now) {
    const found = examined(signature, anchor, now);
    if ('reason' in found) return { pass: false, ...found, progress: progress[found.reason] };
    const { certificate, issuers, ...somebody } = found;
    const marks = marksOf(certificate, issuers);
    return { pass: true, ...somebody, marks, message: `a signature by ${signerName(somebody)} verifies` };
  },
  denial(anchor, { reason, message }, tried) {
    const wanted = wantedBy(anchor);
    const signatures = triedText(tried);
    if (reason === 'certificate-missing')
      return `no signature carries a certificate (${signatures}); the policy wants ${wanted}`;
    if (reason === 'signature-mismatch') return `no signature verifies with its certificate (${signatures})`;
    if (matches.has(reason)) return `${message}; the policy wants ${wanted}`;
    return `a signature ${message}`;
  },
};

const matches: ReadonlySet<string> = new Set(['issuer-mismatch', 'subject-mismatch', 'extension-mismatch']);

interface Somebody extends Certified {
  readonly identity: string;
  readonly issuer: string | undefined;
  readonly certificate: Certificate;
}

function examined(signature: Signature, anchor: IdentityAnchor, now: number): Somebody | IdentityObjection {
  const { trust, annotations } = anchor;
  const { log, timestampAuthorities } = trust;
  const { certificate } = signature;
  if (certificate === undefined) return { reason: 'certificate-missing', message: 'carries no certificate' };
  const time = signedWith(certificate, signature, { annotations, log, timestampAuthorities }, now);
  if ('reason' in time) return time;
  const certified = certify(certificate, signature, trust, time);
  if ('reason' in certified) return certified;
  const somebody = attempt(() => identified(certificate, anchor));
  if ('error' in somebody) {
    return { reason: 'certificate-usage', message: 'is by a certificate with an extension that does not parse' };
  }
  return 'reason' in somebody ? somebody : { ...somebody, ...certified, certificate };
}

/** Of the subjects one has to meet every pattern; a certificate without a subject is nobody's. */
function identified(
  certificate: Certificate,
  anchor: IdentityAnchor,
): Pick<Somebody, 'identity' | 'issuer'> | MatchObjection {
  const subjects = subjectsOf(certificate);
  const issuer = issuerOf(certificate);
  const who = told(subjects.join(' and ') || 'nobody', issuer);
  if (!anchor.issuer.every((pattern) => issuer !== undefined && pattern.matches(issuer))) {
    return { reason: 'issuer-mismatch', message: `signed by ${who}` };
  }
  const identity = subjects.find((subject) => anchor.subject.every((pattern) => pattern.matches(subject)));
  if (identity === undefined) return { reason: 'subject-mismatch', message: `signed by ${who}` };
  for (const extension of anchor.extensions) {
    const text = extensionText(certificate, extension.oid);
    if (text === undefined || !extension.matches(text)) {
      const found = text === undefined ? 'without that extension' : `with ${shortened(text, longestTold)} there`;
      return { reason: 'extension-mismatch', message: `signed by ${who}, ${found}` };
    }
  }
  return { identity, issuer };
}

/** UTF-16 units of a certificate's text in a denial, so that what the policy wants stands behind it: whoever signed chose how much there is. */
const longestTold = 400;

/** Somebody whom the policy does not mean. */
function told(identity: string, issuer: string | undefined): string {
  return signerName({
    identity: shortened(identity, longestTold),
    ...(issuer === undefined ? {} : { issuer: shortened(issuer, longestTold) }),
  });
}

function wantedBy({ issuer, subject, extensions }: IdentityAnchor): string {
  const patterns: readonly TextPattern[] = [...subject, ...issuer, ...extensions];
  return patterns.length === 0 ? 'anybody whom its CA certified' : patterns.map(({ text }) => text).join(', ');
}
