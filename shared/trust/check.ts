import type { Repository } from '../image/repository.ts';
import type { Refusal } from '../reasons.ts';
import type { AttestationKind, SignatureKind } from './accepted.ts';
import type { LeafAnchor } from './anchors.ts';

/**
 * What `verify` is asked, digest apart: anchors and every setting that can change its answer. It holds no policy or rule
 * name, so that `x` and `autogen-x` ask the same check.
 */
export interface Check {
  /** What is verified: signatures of the image, or statements about it. */
  readonly wants: Wants;
  /** Every set must be satisfied. Never empty. */
  readonly sets: readonly AnchorSet[];
  /** The signature repositories that are read; `undefined` stands for the image's own. Never empty. */
  readonly repositories: readonly (Repository | undefined)[];
  /**
   * Why anchors are not here whose keys could not be had, where the others may be enough. They turn a denial into themselves, and spoil no
   * pass.
   */
  readonly missing: readonly Refusal[];
  /** SHA-256, hex, over all of the above, each part length-prefixed. */
  readonly hash: string;
}

export type Wants = WantedSignature | WantedStatement;

export interface WantedSignature {
  readonly what: 'signature';
  /** The kinds of evidence that count as one. */
  readonly accepts: ReadonlySet<SignatureKind>;
}

export interface WantedStatement {
  readonly what: 'attestation';
  /** The kinds of evidence in which it counts. */
  readonly accepts: ReadonlySet<AttestationKind>;
  readonly predicateType: string;
  /** Whether every statement of the type must be known, since each has to meet conditions: then what could not be read spoils a pass. */
  readonly every: boolean;
}

export interface AnchorSet {
  readonly kind: 'set';
  /** `attestors[0]`, or `attestors[0].entries[1].attestor` of a nested set. */
  readonly path: string;
  /** How many anchors must verify, by different signers; `all`: each of them. */
  readonly need: number | 'all';
  readonly anchors: readonly Anchor[];
}

/** Whom a check trusts: one signer, or so many of several. */
export type Anchor = LeafAnchor | AnchorSet;
