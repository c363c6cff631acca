import type { TrustedStatement } from '../../trust/notary/anchor.ts';
import { Certificate } from '../../trust/x509/certificate.ts';
import type { Chain } from './chain.ts';

/** Those of a few signers with their CAs. */
const mostCertificates = 32;

const known = new WeakMap<TrustedStatement, Map<string, Certificate>>();

/**
 * A certificate that a signature carries. One of a chain that the statement has trusted before is the same object again, which remembers
 * what was checked of it: a CA's signature by a P-384 key takes longer than all else. Throws where it does not parse.
 */
export function certificateFrom(statement: TrustedStatement, der: Uint8Array): Certificate {
  return known.get(statement)?.get(nameOf(der)) ?? new Certificate(der);
}

/** Only what is issued under a store's certificate is remembered, so nobody else can fill the memory. */
export function remember(statement: TrustedStatement, chain: Chain): void {
  const certificates = known.get(statement) ?? new Map<string, Certificate>();
  known.set(statement, certificates);
  for (const certificate of chain) {
    const name = nameOf(certificate.der);
    certificates.delete(name);
    certificates.set(name, certificate);
  }
  for (const name of certificates.keys()) {
    if (certificates.size <= mostCertificates) return;
    certificates.delete(name);
  }
}

function nameOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');
}
