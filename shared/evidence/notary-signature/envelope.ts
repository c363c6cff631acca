import { refuseMoreBytes } from '../log-bounds.ts';
import { Malformed } from '../malformed.ts';
import type { NotaryAlgorithm, NotaryAttributes } from './attributes.ts';

/** What JWS and COSE both come to. Nothing is verified. */
export interface NotaryEnvelope {
  readonly algorithm: NotaryAlgorithm;
  readonly attributes: NotaryAttributes;
  readonly payload: Uint8Array;
  /** What is signed. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** DER, the signer's first; none where it has none. */
  readonly certificates: readonly Uint8Array[];
  readonly timestampToken: Uint8Array | undefined;
}

/** Of a chain; AWS Signer's has four. */
const maxCertificates = 10;
const maxCertificate = 16 * 1024;
const maxTimestamp = 64 * 1024;
/** RSA of 4096 bits has 512. */
const maxSignature = 1024;

export function refuseManyCertificates(certificates: readonly unknown[]): void {
  if (certificates.length > maxCertificates)
    throw new Malformed(`the envelope has over ${maxCertificates} certificates`);
}

/** What carries a signature, whether it is bytes or base64 of them. Throws Malformed. */
export const refuseLarge = {
  certificate: (value: unknown) => refuse(value, maxCertificate, 'a certificate'),
  timestamp: (value: unknown) => refuse(value, maxTimestamp, 'the time stamp'),
  signature: (value: unknown) => refuse(value, maxSignature, 'the signature'),
};

function refuse(value: unknown, most: number, what: string): void {
  if (!(value instanceof Uint8Array)) refuseMoreBytes(value, most, what);
  else if (value.length > most) throw new Malformed(`${what} has over ${most} bytes`);
}
