import type { CtlogFields, RekorFields } from '../policy/policy.ts';
import { messageOf, Refusal } from '../reasons.ts';
import { hashedOfLog, type LogTrust, logTrust } from './log.ts';
import { parsePublicKey } from './public-key.ts';
import { always, type CertificateAuthority, type LogKey, type TrustRoot } from './root/trust-root.ts';
import { type Certificate, certificatesIn } from './x509/certificate.ts';

/** By whom a signer's certificate has to be issued and logged, and by whom its time is told. */
export interface CertificateTrust {
  /** Never empty. */
  readonly authorities: readonly CertificateAuthority[];
  /** `undefined`: nobody has to have logged that it was issued. */
  readonly certificateLogs: readonly LogKey[] | undefined;
  /** `undefined`: the log of signatures is ignored. */
  readonly log: LogTrust | undefined;
  readonly timestampAuthorities: readonly CertificateAuthority[];
  /** What of it can change what `verify` answers. */
  readonly hashed: readonly (string | number)[];
}

interface Fields {
  readonly rekor: RekorFields;
  readonly ctlog: CtlogFields;
}

/**
 * What an attestor trusts about certificates that `authorities` issued; without them, those of the trust root did. Throws Refusal
 * `trust-missing` where there is nothing to believe them by, `key-invalid`.
 */
export function certificateTrust(
  authorities: readonly CertificateAuthority[] | undefined,
  { rekor, ctlog }: Fields,
  where: string,
  root: TrustRoot | undefined,
): CertificateTrust {
  const own = authorities ?? root?.authorities ?? [];
  if (own.length === 0) {
    throw new Refusal(
      'trust-missing',
      `${where}: there is no trust root whose CA could have issued a certificate: set roots`,
    );
  }
  const log = logTrust(rekor, where, root);
  const certificateLogs = logsOfCertificates(ctlog, where, root);
  const timestampAuthorities = stampers(ctlog, where, root);
  const hashed = [
    ...(authorities === undefined ? ['authorities of the root', root?.hash ?? ''] : hashedOfAuthorities(authorities)),
    ...hashedOfLog(log),
    ...(certificateLogs === undefined ? ['no certificate log'] : ['certificate log', ctlog.pubkey ?? root?.hash ?? '']),
    'time stamps',
    ctlog.tsaCertChain ?? root?.hash ?? '',
  ];
  return { authorities: own, certificateLogs, log, timestampAuthorities, hashed };
}

/** Each certificate is one that is trusted, whoever issued it (as in Go's root pool). Throws Refusal `key-invalid`. */
export function eachTrusted(pem: string, where: string): readonly CertificateAuthority[] {
  const certificates = readCertificates(pem, where);
  const once = certificates.filter((one, index) => certificates.findIndex((other) => other.equals(one)) === index);
  return once.map((root) => ({ root, intermediates: [], validFor: always }));
}

/** A chain whose last certificate is trusted. Throws Refusal `key-invalid`. */
export function chainOf(pem: string, where: string): CertificateAuthority {
  const certificates = readCertificates(pem, where);
  const root = certificates.at(-1);
  if (root === undefined) throw new Refusal('key-invalid', `${where}: certificates in PEM are expected`);
  return { root, intermediates: certificates.slice(0, -1), validFor: always };
}

/** Throws Refusal `key-invalid`. */
export function readCertificates(pem: string, where: string): readonly Certificate[] {
  try {
    return certificatesIn(pem);
  } catch (thrown) {
    throw new Refusal('key-invalid', `${where}: certificates in PEM are expected: ${messageOf(thrown)}`);
  }
}

function logsOfCertificates(
  { ignoreSCT, pubkey }: CtlogFields,
  where: string,
  root: TrustRoot | undefined,
): readonly LogKey[] | undefined {
  if (ignoreSCT) return undefined;
  if (pubkey !== undefined) {
    const { key, spki } = parsePublicKey(pubkey, `${where}.ctlog.pubkey`);
    return [{ publicKey: key, keyId: Buffer.from(spki, 'hex'), validFor: always }];
  }
  const logs = root?.certificateLogs ?? [];
  if (logs.length > 0) return logs;
  const asked = 'the rule asks that the certificate is logged, and there is no log of certificates to believe';
  throw new Refusal('trust-missing', `${where}: ${asked}: set ctlog.pubkey, or ctlog.ignoreSCT: true`);
}

/** The time-stamp authorities that an attestor believes. Throws Refusal `key-invalid`. */
export function stampers(
  { tsaCertChain }: CtlogFields,
  where: string,
  root: TrustRoot | undefined,
): readonly CertificateAuthority[] {
  if (tsaCertChain === undefined) return root?.timestampAuthorities ?? [];
  return [chainOf(tsaCertChain, `${where}.ctlog.tsaCertChain`)];
}

function hashedOfAuthorities(authorities: readonly CertificateAuthority[]): readonly (string | number)[] {
  return [
    'authorities',
    authorities.length,
    ...authorities.flatMap(({ root, intermediates }) => [
      intermediates.length,
      ...[...intermediates, root].map(({ der }) => der.toString('base64')),
    ]),
  ];
}
