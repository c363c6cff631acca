import type { CertificatesAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import type { AnchorBase, AnchorKind } from '../anchor.ts';
import {
  type CertificateTrust,
  certificateTrust,
  chainOf,
  eachTrusted,
  readCertificates,
  stampers,
} from '../certificates.ts';
import { hashedOfLog, type LogTrust, logTrust } from '../log.ts';
import { certifiedKey, type SigningKey } from '../public-key.ts';
import type { CertificateAuthority, TrustRoot } from '../root/trust-root.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Whoever has a certificate that is issued under a chain of the policy's, or the one certificate that it names. */
export interface CertificateAnchor extends AnchorBase {
  readonly kind: 'certificate';
  /** The signer's own; `undefined`: any that is issued under the chain. */
  readonly certificate: Certificate | undefined;
  /** The key of one that stands alone, as the policy says that it signs; `undefined`: in any way that fits the certificate's. */
  readonly key: SigningKey | undefined;
  /** `undefined`: nobody has to have issued it, since the policy names it. */
  readonly trust: CertificateTrust | undefined;
  /** `undefined`: the log of signatures is ignored. */
  readonly log: LogTrust | undefined;
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

/**
 * `cert` alone is the signer's; with `certChain`, whose last certificate is the root, it also has to be issued under it; `certChain` alone
 * is a list of those that are trusted. Refusals: key-invalid, trust-missing.
 */
export const certificateAnchors: AnchorKind<CertificatesAttestor, CertificateAnchor> = {
  kind: 'certificate',
  build(attestor, path, inherited, root) {
    const { cert, certChain } = attestor;
    const where = `${path}.certificates`;
    const certificate = cert === undefined ? undefined : only(readCertificates(cert, `${where}.cert`), `${where}.cert`);
    const trust = issuedUnder(attestor, where, root);
    if (certificate === undefined && trust === undefined) {
      throw new Refusal('key-invalid', `${where}: cert or certChain required`);
    }
    const log = trust === undefined ? logTrust(attestor.rekor, where, root) : trust.log;
    const timestampAuthorities = trust?.timestampAuthorities ?? stampers(attestor.ctlog, where, root);
    const key =
      certificate === undefined || trust !== undefined
        ? undefined
        : certifiedKey(certificate.publicKey, attestor.signatureAlgorithm, `${where}.cert`);
    const hashed = [
      certificate?.der.toString('base64') ?? 'any',
      ...(trust === undefined
        ? [
            'no chain',
            attestor.signatureAlgorithm ?? 'sha256',
            ...hashedOfLog(log),
            attestor.ctlog.tsaCertChain ?? root?.hash ?? '',
          ]
        : trust.hashed),
      certChain === undefined ? '' : 'chain',
    ];
    return [{ kind: 'certificate', path, certificate, key, trust, log, timestampAuthorities, hashed, ...inherited }];
  },
};

function issuedUnder(
  attestor: CertificatesAttestor,
  where: string,
  root: TrustRoot | undefined,
): CertificateTrust | undefined {
  const { cert, certChain } = attestor;
  if (certChain === undefined) return undefined;
  const at = `${where}.certChain`;
  const authorities = cert === undefined ? eachTrusted(certChain, at) : [chainOf(certChain, at)];
  return certificateTrust(authorities, attestor, where, root);
}

function only(certificates: readonly Certificate[], where: string): Certificate {
  const [first, another] = certificates;
  if (first === undefined || another !== undefined) {
    throw new Refusal('key-invalid', `${where}: one certificate in PEM is expected`);
  }
  return first;
}
