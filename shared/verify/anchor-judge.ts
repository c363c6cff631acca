import type { Digest } from '../image/digest.ts';
import type { NoCode } from '../reasons.ts';
import type { Leaf } from '../trust/anchors.ts';
import type { Signature } from './signature.ts';

export interface Problem {
  readonly code: NoCode;
  readonly message: string;
}

/** What is asked besides the anchor. */
export interface Circumstances {
  readonly image: Digest;
  /** Wall clock, milliseconds since 1970: what has a validity is judged as of now where nothing tells when it was signed. */
  readonly now: number;
}

/** What one signature comes to. */
export type Finding =
  | {
      readonly pass: true;
      /** Who signed. The same signer found by two anchors counts once. */
      readonly identity: string;
      readonly message: string;
    }
  | (Problem & {
      readonly pass: false;
      /** How far it came, in the order of the anchor's conditions: the last one is what its signer has to mend. */
      readonly progress: number;
    });

/** How signatures are judged by one kind of anchor. Pure; what throws is a no. */
export interface AnchorJudge<A extends Leaf> {
  /** Who the anchor stands for; `undefined` where only a signature says so. */
  identity(anchor: A): string | undefined;
  /** Whether this one signature meets every condition. */
  examine(signature: Signature, anchor: A, circumstances: Circumstances): Finding;
  /** In one line, why none of the signatures that were tried passed: `problem` is that of the one that came furthest. */
  denial(anchor: A, problem: Problem, tried: number): string;
}
