/** All that a certificate says, as test/peers/notary/certificates.go makes it: nothing is filled in, so that any rule can be broken. */
export interface CertificateSpec {
  /** RDNs: a type and a value each, more of both where one has several. */
  readonly subject: readonly (readonly string[])[];
  /** `rsa-2048`, `ec-256`, with a name after a slash where it is another of the kind. */
  readonly key: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly basicConstraints?: { readonly ca: boolean; readonly critical: boolean; readonly pathLen?: number };
  readonly keyUsage?: { readonly bits: readonly number[]; readonly critical: boolean };
  readonly extendedKeyUsage?: { readonly oids: readonly string[]; readonly critical: boolean };
  readonly ocsp?: readonly string[];
  readonly crl?: readonly string[];
  /** What it says of its issuer, and whose key signed it, where that is not the next certificate's. */
  readonly issuer?: readonly (readonly string[])[];
  readonly signedBy?: string;
  readonly sha1?: boolean;
  /** That of its place in the chain, from 1, without. */
  readonly serial?: number;
}

/** Bits of keyUsage (RFC 5280, 4.2.1.3). */
export const bit = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;

export const eku = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  /** Of nobody's. */
  other: '1.3.6.1.4.1.99999.1',
} as const;

export const day = 24 * 60 * 60 * 1000;

/** Milliseconds since 1970, a whole second. */
export const now = Math.floor(Date.now() / 1000) * 1000;

const validity = { notBefore: now - 100 * day, notAfter: now + 100 * day };

/** A subject in Acme of Washington. */
export function acme(...more: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [['C', 'US'], ['ST', 'WA'], ['O', 'Acme'], ...more];
}

/** A signer's certificate as it should be. */
export function leafOf(changes: Partial<CertificateSpec> = {}): CertificateSpec {
  const keyUsage = { bits: [bit.digitalSignature], critical: true };
  return { subject: acme(['CN', 'signer']), key: 'ec-256', ...validity, keyUsage, ...changes };
}

/** That of a CA as it should be; its name tells its key from others. */
export function caOf(name: string, changes: Partial<CertificateSpec> = {}): CertificateSpec {
  return {
    subject: acme(['CN', name]),
    key: `ec-256/${name}`,
    ...validity,
    keyUsage: { bits: [bit.keyCertSign, bit.cRLSign], critical: true },
    basicConstraints: { ca: true, critical: true },
    ...changes,
  };
}

interface Changes {
  readonly leaf?: Partial<CertificateSpec>;
  readonly middle?: Partial<CertificateSpec>;
  readonly root?: Partial<CertificateSpec>;
}

/** Signer, intermediate and root. */
export function chainOf({ leaf, middle, root }: Changes = {}): readonly CertificateSpec[] {
  return [leafOf(leaf), caOf('intermediate', middle), caOf('root', root)];
}
