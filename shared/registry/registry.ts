import type { Digest } from '../image/digest.ts';
import type { Repository } from '../image/repository.ts';
import type { Release } from '../net/room.ts';
import type { Spending } from '../net/spending.ts';
import type { CredentialsRef } from '../plan/credentials.ts';
import type { Refusal } from '../reasons.ts';

/** What one image's requests may use up. */
export type Allowance = Spending;

/** Registries, each source of credentials with a reading of its own: tokens, challenges and throttles are never shared. */
export interface Registries {
  as(credentials: CredentialsRef): Registry;
}

/**
 * Reading registries (OCI distribution-spec 1.1, and Docker's v2). Every body is checked against the digest and size that
 * asked for it before it is parsed. All methods throw Refusal.
 */
export interface Registry {
  /** The image that a tag names; its digest is computed from the bytes. Refusals: image-not-found, not-an-image, ... */
  resolve(repository: Repository, tag: string, allowance: Allowance): Promise<Image>;
  /** The image of this digest: that it is there, and is an image or index. */
  image(repository: Repository, digest: Digest, allowance: Allowance): Promise<Image>;
  /** The manifest or index that an index of the repository lists. Refusals: content-missing, not-an-image, ... */
  listed(repository: Repository, listed: Sized, allowance: Allowance): Promise<Image>;
  /** The config that a manifest of the repository names, 1 MiB at most. Refusals: content-missing, too-large, ... */
  config(repository: Repository, config: Sized, allowance: Allowance): Promise<Uint8Array>;
  /**
   * Everything attached to a digest in a signature repository that is asked for: in referrers and under the fallback tag; where cosign's
   * signatures are asked for, under the `.sig` tag, and where attestations are, under the `.att` tag. The layers of all else are left
   * unread.
   */
  attached(repository: Repository, digest: Digest, allowance: Allowance, asked?: Asked): Promise<Attached>;
  /** The attestations that the manifest under the `.att` tag names, none of which is read: one request, tried once. */
  attested(repository: Repository, digest: Digest, allowance: Allowance): Promise<readonly Unread[]>;
}

/** What is asked for. */
export interface Asked {
  /** Whether signatures of cosign's are. */
  readonly cosign: boolean;
  /** Whether the Notary Project's are. */
  readonly notary: boolean;
  /** Predicate types of attestations; none where there are none. Those that say that they are of one are read first. */
  readonly predicateTypes: ReadonlySet<string>;
  /** Artifact types of attestations that have Notary signatures of their own. */
  readonly artifactTypes: ReadonlySet<string>;
}

/** Signatures as cosign stores them, and nothing else. */
export const signaturesAlone: Asked = {
  cosign: true,
  notary: false,
  predicateTypes: new Set(),
  artifactTypes: new Set(),
};

/** A manifest or index, as the bytes that have this digest. */
export interface Image {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  /** As whoever reads it takes it: served, or its own. `undefined` where it came from no registry. */
  readonly mediaType?: string | undefined;
}

/** The same as a review holds it until it is answered, which whoever wrote the object may put off. */
export interface HeldImage {
  readonly digest: Digest;
  /** Absent where they are many: whoever needs them then asks for them again. */
  readonly bytes: Uint8Array | undefined;
  /** How many there are. */
  readonly size: number;
  readonly mediaType?: string | undefined;
}

/** What a descriptor announces: `size` in bytes. What is read has both, or is refused. */
export interface Sized {
  readonly digest: Digest;
  readonly size: number;
}

export interface Attached {
  readonly items: readonly AttachedItem[];
  /** Sources that could not be read, or that are over a bound, and may hold signatures; each turns a "no valid evidence" into itself. */
  readonly unreadable: readonly Refusal[];
  /** The same of sources that may hold attestations: a source that may hold either is among both. */
  readonly unreadableAttestations: readonly Refusal[];
  /** What was left unread, since nobody asked for it. */
  readonly unread: readonly Unread[];
  /** What is of an artifact type that was asked for, and is no attestation that anybody signed. */
  readonly rejected?: readonly Unattested[];
  /** Gives back the room that the items' bytes take: called when they are no longer held. */
  readonly release?: Release;
}

/** A manifest of the artifact type of an attestation, and why it is none. */
export interface Unattested {
  readonly repository: Repository;
  readonly manifest: Digest;
  readonly message: string;
}

/** A layer that may be evidence, of which nothing was read. */
export interface Unread {
  readonly repository: Repository;
  readonly layer: Digest;
  readonly mediaType: string;
  /** What its manifest has it for. */
  readonly as: 'signature' | 'attestation';
}

/** One layer that may be evidence, with its bytes. */
export interface AttachedItem {
  readonly source: 'sig-tag' | 'att-tag' | 'referrer';
  /** Where it was read. */
  readonly repository: Repository;
  /** The manifest that holds the layer. */
  readonly manifest: Digest;
  readonly artifactType: string | undefined;
  readonly layer: {
    readonly mediaType: string;
    readonly digest: Digest;
    readonly size: number;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly bytes: Uint8Array;
  /** Where the layer is a signature of no image: the attestation of one that it was attached to. */
  readonly attested?: AttachedAttestation;
}

/** An attestation that has signatures of its own: a manifest of one layer that refers to an image. */
export interface AttachedAttestation {
  /** Its artifact type. */
  readonly type: string;
  readonly manifest: Sized & { readonly mediaType: string };
  /** The image that it refers to. */
  readonly subject: Digest;
  /** What it states. */
  readonly layer: Digest;
  readonly bytes: Uint8Array;
}
