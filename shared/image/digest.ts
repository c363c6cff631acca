declare const brand: unique symbol;

/** `sha256:<64 lower hex>` or `sha512:<128 lower hex>`, checked. Safe in a URL, a tag and a key. */
export type Digest = string & { readonly [brand]: 'Digest' };

export const digestGrammar = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** A digest of the two algorithms that the OCI image-spec registers; sha1, unknown algorithms and upper case are refused. */
export function parseDigest(text: unknown): Digest | undefined {
  return typeof text === 'string' && digestGrammar.test(text) ? (text as Digest) : undefined;
}

/** The algorithm's name as node:crypto spells it, and the encoded part. */
export function splitDigest(digest: Digest): { algorithm: 'sha256' | 'sha512'; hex: string } {
  const [algorithm, hex = ''] = digest.split(':', 2);
  return { algorithm: algorithm === 'sha512' ? 'sha512' : 'sha256', hex };
}
