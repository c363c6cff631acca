import { createHash } from 'node:crypto';
import { at } from '../../der.ts';
import { certifiedKey } from '../../trust/public-key.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { issuerOf, subjectsOf } from '../../trust/x509/identities.ts';
import { attempt } from '../attempt.ts';

const authorityKeyIdentifier = '2.5.29.35';

/**
 * What tells a certificate's signer from others: the key, and each of the names with who vouches for it. Where nobody else is said to, as
 * under a CA of one's own, the CA does, which is told in every way: a policy may know two signers of it by different certificates of its
 * chain. `issued`: the CAs above the certificate, as far as they are known.
 */
export function marksOf(certificate: Certificate, issued: readonly Certificate[]): readonly [string, ...string[]] {
  const { spki } = certifiedKey(certificate.publicKey);
  const names = attempt(() => {
    const issuer = issuerOf(certificate);
    const vouchers = issuer === undefined ? authoritiesOf(certificate, issued) : [['issuer', issuer]];
    return subjectsOf(certificate).flatMap((subject) => vouchers.map((voucher) => [subject, ...voucher]));
  });
  const named = 'error' in names ? [] : names.map((name) => JSON.stringify(name));
  return [`sha256:${spki}`, ...new Set(named)];
}

function authoritiesOf(certificate: Certificate, issued: readonly Certificate[]): readonly string[][] {
  const keys = issued.map(({ subjectPublicKeyInfo }) => ['CA', sha256(subjectPublicKeyInfo.raw)]);
  // Two CAs may have one name, so it is a CA's only where the certificate does not name the key.
  const key = certificate.extensions.get(authorityKeyIdentifier)?.value;
  return [...keys, key === undefined ? ['CA named', sha256(at(certificate.tbs, 3).raw)] : ['CA key', sha256(key)]];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
