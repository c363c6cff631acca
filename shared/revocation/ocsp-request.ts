import { createHash } from 'node:crypto';
import { at, encode } from '../der.ts';
import type { Certificate } from '../trust/x509/certificate.ts';
import { serialOf, subjectOf } from './signed.ts';

/** By what a responder knows a certificate: who issued it, by two hashes (SHA-1), and its serial number (RFC 6960 section 4.1.1). */
export interface CertificateId {
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  readonly serial: Buffer;
}

const sequence = 0x30;
const octetString = 0x04;
const integer = 0x02;
/** id-sha1, without parameters or with NULL: written with it, as others do. */
const sha1 = encode(sequence, encode(0x06, Buffer.from('2b0e03021a', 'hex')), encode(0x05));

/** SHA-1 only names here: nothing is believed for it. Other hashes are known to few responders (RFC 5019 section 2.1.1). */
export function certificateId(certificate: Certificate, issuer: Certificate): CertificateId {
  return {
    issuerNameHash: hashOf(subjectOf(issuer)),
    issuerKeyHash: keyHashOf(issuer),
    serial: serialOf(certificate),
  };
}

/** Of the key's bits alone. */
export function keyHashOf(certificate: Certificate): Buffer {
  return hashOf(at(certificate.subjectPublicKeyInfo, 1).bitBytes);
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest();
}

/** OCSPRequest in DER about one certificate: without a nonce, since responders answer from what they have signed before. */
export function ocspRequest({ issuerNameHash, issuerKeyHash, serial }: CertificateId): Buffer {
  const id = encode(
    sequence,
    sha1,
    encode(octetString, issuerNameHash),
    encode(octetString, issuerKeyHash),
    encode(integer, serial),
  );
  const list = encode(sequence, encode(sequence, id));
  return encode(sequence, encode(sequence, list));
}
