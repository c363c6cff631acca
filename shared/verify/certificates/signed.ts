import type { LogTrust } from '../../trust/log.ts';
import { certifiedKey, type SigningKey } from '../../trust/public-key.ts';
import type { CertificateAuthority } from '../../trust/root/trust-root.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import type { Objection } from '../anchor-judge.ts';
import { attempt } from '../attempt.ts';
import { type ClaimObjection, claimObjection } from '../claims.ts';
import { type LogObjection, loggedIn, trustedUntil, untimely } from '../log/log.ts';
import type { Signature } from '../signature.ts';
import type { SigningTime } from './certify.ts';
import { stampsOf } from './times.ts';

export type SignedObjection =
  | ClaimObjection
  | LogObjection
  | (Objection & { readonly reason: 'signature-mismatch' | 'timestamp-mismatch' });

interface Wanted {
  /** The certificate's, where the policy says how it signs. */
  readonly key?: SigningKey | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly log: LogTrust | undefined;
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

/**
 * Whether the key of this certificate signed, about this image, in the log where one is asked for; and when. Whether the certificate is to
 * be believed is not asked here. `now`: milliseconds since 1970.
 */
export function signedWith(
  certificate: Certificate,
  signature: Signature,
  wanted: Wanted,
  now: number,
): SigningTime | SignedObjection {
  const key = wanted.key ?? attempt(() => certifiedKey(certificate.publicKey));
  if ('error' in key || !signature.isBy(key)) {
    return { reason: 'signature-mismatch', message: 'does not verify with its certificate' };
  }
  const claim = claimObjection(signature, wanted.annotations);
  if (claim !== undefined) return claim;
  const logged = loggedIn(signature, wanted.log, { publicKey: certificate.publicKey, certificate });
  if ('reason' in logged) return logged;
  const stamped = stampsOf(signature, wanted.timestampAuthorities);
  const times = [...logged.times, ...stamped.times];
  const isNow = times.length === 0;
  if (isNow && stamped.problem !== undefined) {
    return { reason: 'timestamp-mismatch', message: `has a time stamp, and ${stamped.problem}` };
  }
  const told = isNow ? [now] : times;
  return untimely(logged, told) ?? { times: told, isNow, until: trustedUntil(logged, now) };
}
