import type { KeyObject } from 'node:crypto';
import type { Deadline } from '../../net/deadline.ts';
import type { Certificate } from '../x509/certificate.ts';

/**
 * What is trusted without a policy's own keys: the public part of a Sigstore instance (protobuf-specs, sigstore_trustroot.proto).
 * What it lists is not filtered by the present time: an old signature was made under an old authority.
 */
export interface TrustRoot {
  /** Who issues signers' certificates (Fulcio). */
  readonly authorities: readonly CertificateAuthority[];
  /** Where issued certificates are logged (RFC 6962). */
  readonly certificateLogs: readonly TransparencyLog[];
  /** Where signatures are logged (Rekor). */
  readonly transparencyLogs: readonly TransparencyLog[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
  /** SHA-256, hex, of the bytes that it was read from: part of every check that rests on it. */
  readonly hash: string;
}

/**
 * Where the trust root in force comes from; `undefined`: none is. Asked only for checks that rest on it. What is known is given at once,
 * never by a promise; what has to be fetched takes no more than a part of the deadline.
 */
export type TrustRoots = (deadline?: Deadline) => TrustRoot | undefined | Promise<TrustRoot | undefined>;

/** The policies alone are trusted. */
export const noRoots: TrustRoots = () => undefined;

/** From and until when, in milliseconds since 1970, both inclusive. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

export const always: Window = { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY };

/** A root with its intermediates. */
export interface CertificateAuthority {
  /** Without the root; a time-stamp authority's own certificate may be among them. */
  readonly intermediates: readonly Certificate[];
  readonly root: Certificate;
  readonly validFor: Window;
}

/** A log's key, and the ID by which it is named. */
export interface LogKey {
  readonly keyId: Uint8Array;
  readonly publicKey: KeyObject;
  readonly validFor: Window;
}

export interface TransparencyLog extends LogKey {
  /** Never called. The name of a checkpoint of Rekor v2 is that of its host. */
  readonly baseUrl: string;
}
