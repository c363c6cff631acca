import type { Repository } from '../image/repository.ts';
import type { KmsAnswers } from './kms.ts';
import type { TrustRoot } from './root/trust-root.ts';

/** What an attestor inherits from around it, until it writes its own: it holds for every anchor that the attestor becomes. */
export interface Inherited {
  /** Every one must be among the signature's annotations, with exactly this value. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The only repository whose signatures count; `undefined` stands for the image's own. */
  readonly repository: Repository | undefined;
}

/** What every anchor has that is no set: one signer that a check may count. */
export interface AnchorBase extends Inherited {
  readonly kind: string;
  /** `attestors[0].entries[1]`; with several signers in one entry, `attestors[0].entries[1].keys[2]`. */
  readonly path: string;
  /** Everything of its own that can change what `verify` answers; what it inherits is hashed for all kinds alike. */
  readonly hashed: readonly (string | number)[];
}

/** One kind of anchor: how it is built of the attestors that name it. */
export interface AnchorKind<Attestor, A extends AnchorBase> {
  readonly kind: A['kind'];
  /**
   * The anchors of one attestor at `path`, each of which is counted. `root`: what is trusted where the attestor names no keys of its
   * own; `undefined`: nothing is. `kms`: the keys that are in a KMS. Throws Refusal.
   */
  build(
    attestor: Attestor,
    path: string,
    inherited: Inherited,
    root: TrustRoot | undefined,
    kms: KmsAnswers,
  ): readonly A[];
}
