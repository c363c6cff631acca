import type { Repository } from '../image/repository.ts';
import type { NoReason } from '../reasons.ts';
import type { RevocationView } from '../revocation/revocation.ts';
import type { LeafAnchor } from '../trust/anchors.ts';
import type { Signature } from './signature.ts';

export interface Objection {
  readonly reason: NoReason;
  readonly message: string;
}

/** What one signature comes to. */
export type Examination =
  | {
      readonly pass: true;
      /** Who signed. */
      readonly identity: string;
      /** Who says that it is they, where somebody does. */
      readonly issuer?: string | undefined;
      /**
       * What tells the signer from others, its key first: by one key there is one signer, however many names a certificate gives it, and so
       * there is by one name that the same one vouches for. Who shares one is the same, and counts once.
       */
      readonly marks: readonly [string, ...string[]];
      /** Milliseconds since 1970; `undefined`: without end. */
      readonly validUntil?: number | undefined;
      readonly message: string;
      /** What is not as it should be and lets it pass all the same, a line each: whoever asks is warned. */
      readonly notes?: readonly string[] | undefined;
    }
  | (Objection & {
      readonly pass: false;
      /** How far it came, in the order of the anchor's conditions: the last one is what its signer has to mend. */
      readonly progress: number;
      /** Nobody could say whether it counts, though it is told as a no: whoever attached it has brought that about, or may have. */
      readonly isUndecided?: boolean;
    });

/** How signatures are judged by one kind of anchor. Pure; what throws is a no. */
export interface AnchorJudge<A extends LeafAnchor> {
  /** Who the anchor stands for; `undefined` where only a signature says so. */
  identity(anchor: A): string | undefined;
  /**
   * Whether this one signature meets every condition. `now`: wall clock, milliseconds since 1970, as of which validity is judged
   * where nothing tells when it was signed. `revocation`: where it lacks an answer, the signature is examined once more when that has come.
   */
  examine(signature: Signature, anchor: A, now: number, revocation: RevocationView): Examination;
  /**
   * Why the anchor asks for no signature of an image in `repository`; `undefined`, or no such method: it asks for one. Nothing that is
   * attached to an image can bring it about.
   */
  waiver?(anchor: A, repository: Repository): string | undefined;
  /** Why nothing that may be attached to an image in `repository` counts; `undefined`, or no such method: something may. */
  refusal?(anchor: A, repository: Repository): Objection | undefined;
  /** In one line, why none of the signatures that were tried passed: `objection` is that of the one that came furthest. */
  denial(anchor: A, objection: Objection, tried: number): string;
}
