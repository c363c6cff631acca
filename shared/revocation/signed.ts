import { constants, type KeyObject, verify } from 'node:crypto';
import { type Asn1, at, tagged } from '../der.ts';
import { type Certificate, isStrong } from '../trust/x509/certificate.ts';

type Hash = 'sha256' | 'sha384' | 'sha512';

const hashes: Readonly<Record<string, Hash>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Of those that `isStrong` lets through, but for RSASSA-PSS, which names its hash elsewhere. */
const algorithms: Readonly<Record<string, { readonly key: 'ec' | 'rsa' | 'ed25519'; readonly hash: Hash | null }>> = {
  '1.2.840.10045.4.3.2': { key: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', hash: 'sha512' },
  '1.2.840.113549.1.1.11': { key: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', hash: 'sha512' },
  '1.3.101.112': { key: 'ed25519', hash: null },
};
const rsaPss = '1.2.840.113549.1.1.10';

/** The signature under an OCSP answer or a CRL: over `signed`, by an AlgorithmIdentifier, a BIT STRING. */
export interface SignatureParts {
  readonly signed: Asn1;
  readonly algorithm: Asn1;
  readonly signature: Asn1;
}

/** Whether it is by this key, and by an algorithm that proves it (SHA-256 or longer). Throws where it is damaged. */
export function isSignedWith({ signed, algorithm, signature }: SignatureParts, key: KeyObject): boolean {
  if (!isStrong(algorithm)) return false;
  const type = key.asymmetricKeyType;
  const oid = at(algorithm, 0).toOID();
  if (oid === rsaPss) {
    const hash = hashes[at(tagged(at(algorithm, 1), 0), 0, 0).toOID()];
    if (hash === undefined || (type !== 'rsa' && type !== 'rsa-pss')) return false;
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    return verify(hash, signed.raw, { key, ...padding }, signature.bitBytes);
  }
  const known = algorithms[oid];
  if (known === undefined || known.key !== type) return false;
  return verify(known.hash, signed.raw, key, signature.bitBytes);
}

const keyUsage = '2.5.29.15';

/** Whether its keyUsage has this bit (RFC 5280 section 4.2.1.3); `undefined`: it has no keyUsage. */
export function hasKeyUsage({ extensions }: Certificate, bit: number): boolean | undefined {
  return extensions.get(keyUsage)?.content().hasBit(bit);
}

/** DER of the name that it has, as those whom it issues name it. */
export function subjectOf(certificate: Certificate): Buffer {
  return at(certificate.tbs, 5).raw;
}

/** The serial number's bytes, in their one encoding. */
export function serialOf(certificate: Certificate): Buffer {
  return at(certificate.tbs, 1).integerBytes;
}
