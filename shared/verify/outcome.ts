import type { Signed } from '../evidence/evidence.ts';
import type { Signer, Testimony } from '../ledger/verification.ts';
import type { NoReason } from '../reasons.ts';
import type { LeafKind } from '../trust/anchors.ts';

/** What verify decided, with each attestor tried and why it failed. */
export type Outcome =
  | {
      readonly pass: true;
      readonly signers: readonly Signer[];
      /** Hashes of the evidence used. */
      readonly evidence: readonly string[];
      readonly validUntil?: number;
      /** Where attestations are wanted: each statement that an anchor stands behind. */
      readonly statements?: readonly VerifiedStatement[];
      /** What is not as it should be, and lets it pass: whoever asks is warned. */
      readonly notes?: readonly string[];
      readonly attestors: readonly AttestorResult[];
    }
  | {
      readonly pass: false;
      readonly reason: NoReason;
      readonly message: string;
      /** What it rests on could not be found out in the time of the review that asked: so many milliseconds were left for that. */
      readonly late?: { readonly left: number };
      readonly attestors: readonly AttestorResult[];
    };

/** A statement that is good, with who stands behind it. */
export interface VerifiedStatement {
  readonly signed: Signed;
  readonly by: readonly Testimony[];
}

/** One attestor set, nested set or single signer. `message` says what was checked and found, in one line. */
export interface AttestorResult {
  readonly path: string;
  readonly kind: 'set' | LeafKind;
  readonly identity?: string;
  readonly pass: boolean;
  readonly reason?: NoReason;
  readonly message: string;
  readonly children?: readonly AttestorResult[];
}
