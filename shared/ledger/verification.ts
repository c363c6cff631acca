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

/** What `verify` let through for one digest and check, before conditions. */
export interface Verification {
  readonly digest: Digest;
  readonly signers: readonly Signer[];
  /** SHA-256, hex, of each piece of evidence that was used. */
  readonly evidence: readonly string[];
  /** Milliseconds. */
  readonly verifiedAt: number;
  /** Milliseconds; until when the evidence itself holds. `undefined`: without end. */
  readonly validUntil?: number;
}
