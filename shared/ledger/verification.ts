import type { Digest } from '../image/digest.ts';
import type { LeafKind } from '../trust/anchors.ts';

/** Who signed: the attestor's path within the check, its kind, and the identity (a key's SHA-256 SPKI fingerprint, a person's address). */
export interface Signer {
  readonly attestor: string;
  readonly kind: LeafKind;
  readonly identity: string;
  /** Who says that it is they; of a key nobody does. */
  readonly issuer?: string | undefined;
}

/** For people: who signed, and who says that it is they, where somebody does. */
export function signerName({ identity, issuer }: Pick<Signer, 'identity' | 'issuer'>): string {
  return issuer === undefined ? identity : `${identity} (issuer ${issuer})`;
}

/** That an anchor of the check stands behind a statement: one of these for each signer. */
export interface Testimony {
  /** The anchor's path within the check. */
  readonly attestor: string;
  /** What tells the signer from others: whoever shares one is the same signer. */
  readonly marks: readonly string[];
}

/** A statement that was let through for an attestation. What it says is kept apart, by its hash, and has to be had for conditions. */
export interface KeptStatement {
  /** SHA-256, hex, of the predicate's bytes as they stand in the signed payload. */
  readonly predicate: string;
  readonly by: readonly Testimony[];
}

/** What `verify` let through for one digest and check, before conditions. */
export interface Verification {
  readonly digest: Digest;
  readonly signers: readonly Signer[];
  /** SHA-256, hex, of each piece of evidence that was used. */
  readonly evidence: readonly string[];
  /** Of a check that asks for an attestation: the statements whose predicates its conditions are about. */
  readonly statements?: readonly KeptStatement[];
  /** What was not as it should be, and let it pass: whoever asks is warned each time. */
  readonly notes?: readonly string[];
  /** Milliseconds. */
  readonly verifiedAt: number;
  /** Milliseconds; until when the evidence itself holds. `undefined`: without end. */
  readonly validUntil?: number;
}
