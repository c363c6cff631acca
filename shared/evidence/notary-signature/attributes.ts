/** How a Notary Project signature may be made (signature specification, "Signature Algorithm Requirements"), by the names that JWS gives them. */
export type NotaryAlgorithm = 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

export type NotaryScheme = 'notary.x509' | 'notary.x509.signingAuthority';

/** What the signer signed beside the payload. Times are milliseconds since 1970. */
export interface NotaryAttributes {
  readonly scheme: NotaryScheme;
  /** Said by the signer, and never relied on. Of `notary.x509` alone. */
  readonly signingTime: number | undefined;
  /** Said by a signing authority, which is trusted for it. Of `notary.x509.signingAuthority` alone. */
  readonly authenticSigningTime: number | undefined;
  readonly expiry: number | undefined;
  /** Attributes of no name that the specification has for signatures; those of plugins among them. */
  readonly extended: readonly ExtendedAttribute[];
}

export interface ExtendedAttribute {
  readonly name: string;
  /** `undefined`: it is no text. */
  readonly value: string | undefined;
  /** Whoever does not understand it must not accept the signature. */
  readonly critical: boolean;
}
