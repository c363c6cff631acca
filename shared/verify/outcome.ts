import type { Signer } from '../ledger/verification.ts';
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
      readonly attestors: readonly AttestorResult[];
    }
  | {
      readonly pass: false;
      readonly reason: NoReason;
      readonly message: string;
      readonly attestors: readonly AttestorResult[];
    };

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
