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
  /** The config that a manifest of the repository names, 4 MiB at most. Refusals: content-missing, too-large, ... */
  config(repository: Repository, config: Sized, allowance: Allowance): Promise<Uint8Array>;
  /**
   * Everything attached to a digest in a signature repository: the `.sig` tag, referrers, the fallback tag; and where attestations
   * are asked for, the `.att` tag. What is attached as an attestation alone is left unread where none is asked for.
   */
  attached(repository: Repository, digest: Digest, allowance: Allowance, asked?: Asked): Promise<Attached>;
  /** The attestations that the manifest under the `.att` tag names, none of which is read: one request, tried once. */
  attested(repository: Repository, digest: Digest, allowance: Allowance): Promise<readonly Unread[]>;
}

/** What is asked for beside signatures. */
export interface Asked {
  /** Predicate types of attestations; none where there are none. Those that say that they are of one are read first. */
  readonly predicateTypes: ReadonlySet<string>;
}

export const signaturesAlone: Asked = { predicateTypes: new Set() };

/** A manifest or index, as the bytes that have this digest. */
export interface Image {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** The same as a review holds it until it is answered, which whoever wrote the object may put off. */
export interface HeldImage {
  readonly digest: Digest;
  /** Absent where they are many: whoever needs them then asks for them again. */
  readonly bytes: Uint8Array | undefined;
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
  /** Attestations that were left unread, since none was asked for. */
  readonly unread: readonly Unread[];
  /** Gives back the room that the items' bytes take: called when they are no longer held. */
  readonly release?: Release;
}

/** A layer that is an attestation by its media type, of which nothing was read. */
export interface Unread {
  readonly repository: Repository;
  readonly layer: Digest;
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
}
