import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { MayHold } from '../registry/reading.ts';
import type { Unread } from '../registry/registry.ts';
import type { AttestationKind, SignatureKind } from '../trust/accepted.ts';
import type { NotaryAlgorithm, NotaryAttributes } from './notary-signature/attributes.ts';

/**
 * What was fetched, with its wire format left behind. It means one of two things: a signature of the image, or an attestation,
 * which is never one. Nothing here is verified yet: it is what the bytes say.
 */
export type Evidence = SignatureEvidence | Attestation;

interface Common {
  /** Where it was found: an anchor with a repository of its own counts only what was found there. */
  readonly repository: Repository;
  /** Digest of the layer it came from, for people who look for it. */
  readonly layer: Digest;
  /** SHA-256, hex, over the bytes that decide (payload, signature, log entries). */
  readonly hash: string;
}

/** A signature of the image: cosign's simple signing, a bundle of type cosign/sign/v1, a bundle with a message signature. */
export interface SignatureEvidence<K extends SignatureKind = SignatureKind> extends Common, Stated {
  readonly kind: K;
}

/** A statement of another predicate type, or one outside a bundle. It is never a signature of the image. */
export interface Attestation extends Common {
  readonly kind: 'attestation';
  /** The kind of evidence that it was found as. */
  readonly carrier: AttestationKind;
  readonly predicateType: string;
  /** What it states, signed. Kept for the predicate types that the reader was asked to keep alone: an SBOM has megabytes. */
  readonly stated: Stated | undefined;
}

/** Evidence that somebody signed, whatever it means: what is judged by who that was. */
export type SignedEvidence = Common & Stated;

/**
 * What was signed, by whoever did, and the images that it is about; the wanted image's digest must be among the claims. Of a Notary signature
 * of an attestation that digest is the attestation's.
 */
export interface Stated {
  readonly signed: Signed;
  readonly claims: readonly Claim[];
}

/**
 * A digest that a signature claims, and the annotations that it gives it. A message signature claims nothing in words: it is
 * over the manifest itself.
 */
export interface Claim {
  readonly digest: Digest;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** What was signed, the signature over it, and what came along to verify it by. */
export type Signed = SignedContent & {
  readonly signature: Uint8Array;
  readonly material: Material;
};

export type SignedContent =
  | {
      /** Simple signing's payload. */
      readonly format: 'payload';
      readonly payload: Uint8Array;
    }
  | {
      /** A message signature: over the bytes of the image's manifest, which whoever verifies has at hand. */
      readonly format: 'manifest';
      readonly hash: 'sha256' | 'sha384' | 'sha512';
      /** What the bundle says the manifest's digest by that hash is. */
      readonly messageDigest: Uint8Array;
    }
  | {
      /** DSSE: the signature is over PAE(payloadType, payload). */
      readonly format: 'dsse';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      readonly pae: Uint8Array;
      /**
       * Of an envelope that was attached bare: time stamps may be over its bytes, as they were attached, and entries of old logs are about
       * them. Of one in a bundle nobody knows which bytes it once had, and time stamps are over the signature.
       */
      readonly envelope?: EnvelopeHashes;
    }
  | {
      /** Notary Project: JWS or COSE, whose payload names the artifact by a descriptor. Its claim's annotations are the user's metadata. */
      readonly format: 'notary';
      readonly algorithm: NotaryAlgorithm;
      /** What the signature is over: protected attributes and payload, as they stand. */
      readonly message: Uint8Array;
      readonly attributes: NotaryAttributes;
      /** What the payload says of the image beside its digest; `size` in bytes. */
      readonly artifact: { readonly mediaType: string; readonly size: number };
      /** DER of a TimeStampToken (RFC 3161), which no TimeStampResp is around, over the signature. */
      readonly timestampToken: Uint8Array | undefined;
      /** Set where it was attached to an attestation, which its payload must name then instead of the image. */
      readonly attested?: NotaryAttested;
    };

/** An attestation of the Notary Project: a manifest that refers to an image, whose one layer is what it states. */
export interface NotaryAttested {
  /** Its own descriptor; `size` in bytes. */
  readonly manifest: { readonly digest: Digest; readonly mediaType: string; readonly size: number };
  /** The image that it refers to. */
  readonly subject: Digest;
  readonly predicate: Uint8Array;
}

/** SHA-2 of an envelope's bytes; of them none is kept beside the payload. */
export interface EnvelopeHashes {
  readonly sha256: Uint8Array;
  /** There where a time stamp may be over it. */
  readonly sha384?: Uint8Array;
  readonly sha512?: Uint8Array;
}

/** What a signature carries beside itself, whatever kind it is of. Whoever attached it wrote it. */
export interface Material {
  /** DER (RFC 5280), the signer's first. */
  readonly certificates: readonly Uint8Array[];
  /** DER of each TimeStampResp (RFC 3161). */
  readonly timestamps: readonly Uint8Array[];
  readonly logEntries: readonly TransparencyLogEntry[];
}

/** Something attached that was meant as evidence and is not: kept, so that a denial can say so. */
export interface Rejected {
  readonly repository: Repository;
  /** Of an attestation that nobody signed, its manifest's digest. */
  readonly layer: Digest;
  /** What it may have been meant as. */
  readonly mayHold: MayHold;
  readonly message: string;
}

export interface Gathered {
  readonly evidence: readonly Evidence[];
  readonly rejected: readonly Rejected[];
  /** What nobody asked for. */
  readonly unread: readonly Unread[];
}
