import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';

/** What was fetched, with its wire format left behind. Claims are what the bytes say: nothing here is verified yet. */
export type Evidence = CosignSignature | SigstoreBundle | Attestation;

interface Common {
  /** Where it was found: an anchor with a repository of its own counts only what was found there. */
  readonly repository: Repository;
  /** Digest of the layer it came from, for people who look for it. */
  readonly layer: Digest;
  /** SHA-256, hex, over the bytes that decide (payload, signature, log entries). */
  readonly hash: string;
}

/**
 * A digest that a signature claims, and the annotations that it gives it; the wanted image's digest must be among the claims.
 * A message signature claims nothing in words: it is over the manifest itself.
 */
export interface Claim {
  readonly digest: Digest;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** cosign's simple signing, from the `.sig` tag or an OCI 1.1 referrer. */
export interface CosignSignature extends Common {
  readonly kind: 'cosign-signature';
  readonly signed: Signed;
  readonly claims: readonly Claim[];
  readonly logEntries: readonly TransparencyLogEntry[];
}

/** A Sigstore bundle that is a signature: a DSSE envelope of type cosign/sign/v1, or a message signature. */
export interface SigstoreBundle extends Common {
  readonly kind: 'sigstore-bundle';
  readonly signed: Signed;
  readonly claims: readonly Claim[];
  readonly logEntries: readonly TransparencyLogEntry[];
}

/** A statement of another predicate type, or one outside a bundle. It is never a signature of the image. */
export interface Attestation extends Common {
  readonly kind: 'attestation';
  readonly predicateType: string;
}

/** What was signed and the signature over it. */
export type Signed =
  | {
      /** Simple signing's payload. */
      readonly format: 'payload';
      readonly payload: Uint8Array;
      readonly signature: Uint8Array;
    }
  | {
      /** A message signature: over the bytes of the image's manifest, which whoever verifies has at hand. */
      readonly format: 'manifest';
      readonly hash: 'sha256' | 'sha384' | 'sha512';
      /** What the bundle says the manifest's digest by that hash is. */
      readonly messageDigest: Uint8Array;
      readonly signature: Uint8Array;
    }
  | {
      /** DSSE: the signature is over PAE(payloadType, payload). */
      readonly format: 'dsse';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      readonly pae: Uint8Array;
      readonly signature: Uint8Array;
    };

/** Something attached that was meant as evidence and is not: kept, so that a denial can say so. */
export interface Rejected {
  readonly repository: Repository;
  readonly layer: Digest;
  readonly message: string;
}

export interface Gathered {
  readonly evidence: readonly Evidence[];
  readonly rejected: readonly Rejected[];
}
