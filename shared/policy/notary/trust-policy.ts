/**
 * Trust policies and trust stores of the Notary Project, as `notation` keeps them (trust-store-trust-policy.md, version 1.0), read and
 * checked. Certificates in them are still bytes.
 */
export interface NotaryTrust {
  /** In order; no scope stands in two of them. Never empty. */
  readonly statements: readonly NotaryStatement[];
}

/** One statement of `trustPolicies`: what is asked of signatures of the images in its scopes. */
export interface NotaryStatement {
  readonly name: string;
  /** `registry/repository` each, as images are named by it; `every`: those that no other statement names. */
  readonly scopes: 'every' | ReadonlySet<string>;
  /** `skip`: nothing is asked. */
  readonly levels: NotaryLevels | 'skip';
  /** When a time stamp is asked for, where there is a store of time-stamp authorities. */
  readonly verifyTimestamp: 'always' | 'afterCertExpiry';
  readonly stores: readonly NotaryStore[];
  /** `any`: whoever has a certificate of the stores. */
  readonly identities: 'any' | readonly NotaryIdentity[];
}

/** What a failed validation does: `log` is a warning. Integrity is always enforced. */
export interface NotaryLevels {
  readonly authenticity: 'enforce' | 'log';
  readonly authenticTimestamp: 'enforce' | 'log';
  readonly expiry: 'enforce' | 'log';
  readonly revocation: 'enforce' | 'log' | 'skip';
}

export type NotaryStoreType = 'ca' | 'signingAuthority' | 'tsa';

export interface NotaryStore {
  readonly type: NotaryStoreType;
  readonly name: string;
  readonly files: readonly NotaryStoreFile[];
}

/** A file of certificates: PEM, any number of them, or one in DER. */
export interface NotaryStoreFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type NotaryIdentity =
  /** `x509.subject:…`: each attribute must be the certificate's, exactly. Types by name (`CN`, `ST`), or by OID. */
  | { readonly kind: 'subject'; readonly text: string; readonly attributes: ReadonlyMap<string, string> }
  /** `arn:…:signer:…:/signing-profiles/NAME` or `…/NAME/VERSION`, as written. */
  | { readonly kind: 'aws-signer-profile'; readonly arn: string };

/** The level of that name (trust-store-trust-policy.md, "Signature Verification details"). */
export const notaryLevels: Readonly<Record<'strict' | 'permissive' | 'audit', NotaryLevels>> = {
  strict: { authenticity: 'enforce', authenticTimestamp: 'enforce', expiry: 'enforce', revocation: 'enforce' },
  permissive: { authenticity: 'enforce', authenticTimestamp: 'log', expiry: 'log', revocation: 'log' },
  audit: { authenticity: 'log', authenticTimestamp: 'log', expiry: 'log', revocation: 'log' },
};
