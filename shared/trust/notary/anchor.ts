import type { NotaryIdentity, NotaryLevels, NotaryStoreType } from '../../policy/notary/trust-policy.ts';
import type { NotaryAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import type { AnchorBase, AnchorKind } from '../anchor.ts';
import type { Certificate } from '../x509/certificate.ts';

/** Whoever a trust policy of the Notary Project trusts with the image's repository. */
export interface NotaryAnchor extends AnchorBase {
  readonly kind: 'notary';
  /** In order; never empty. */
  readonly statements: readonly TrustedStatement[];
}

/** A statement with the certificates of its stores. */
export interface TrustedStatement {
  readonly name: string;
  readonly scopes: 'every' | ReadonlySet<string>;
  readonly levels: NotaryLevels | 'skip';
  readonly verifyTimestamp: 'always' | 'afterCertExpiry';
  /** Of the stores that it names, by type; `undefined`: it names none of this type. */
  readonly stores: Readonly<Record<NotaryStoreType, readonly Certificate[] | undefined>>;
  readonly identities: 'any' | readonly NotaryIdentity[];
}

/** Certificates of a rule are one store `ca` under a policy of level strict, as in Kyverno. Refusal: key-invalid. */
export const notaryAnchors: AnchorKind<NotaryAttestor, NotaryAnchor> = {
  kind: 'notary',
  build(_attestor, path) {
    throw new Refusal('key-invalid', `${path}: not built`);
  },
};
