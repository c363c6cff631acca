import type { AttachedItem } from './registry.ts';

/**
 * One kind of evidence as the registry must know it to find and fetch it: which layers are of it, and in which order and up to
 * which bounds they are read. What the bytes mean is no business of the registry's.
 */
export interface LayerKind {
  /** Whose signatures or attestations its layers are: they are read where those are asked for. */
  readonly of: Family;
  /** Whether a layer of this media type is of the kind. No two kinds hold the same one. */
  holds(mediaType: string): boolean;
  /** Whether every layer of a manifest may be evidence, or its first alone. */
  readonly layers: 'every' | 'first';
  /**
   * The type of artifact that a referrer has to be, by its own word, and which then has one layer and no more. Absent: the media type of
   * its first layer alone tells, since tools write the artifact's in several ways.
   */
  readonly artifactType?: string;
  /** The most bytes of a layer. */
  readonly maxBytes: number;
  /** Whether this annotation of a layer is kept for the reader: an image's author writes as many as they like. */
  keepsAnnotation(name: string): boolean;
  /** The annotation by which a manifest, or a layer itself, says what the layer is. It is not believed, and only orders. */
  readonly hint?: string;
  /** What alone its layers may be; attestations are read only where they are asked for. Absent: either. */
  readonly only?: 'signatures' | 'attestations';
  /** The order in which layers found there are tried, given the hint's value; `undefined`: there they are no evidence. */
  ranking(source: AttachedItem['source'], hint: string | undefined): Ranking | undefined;
}

/** Who has kinds of their own: cosign, with all of Sigstore's, and the Notary Project. */
export type Family = 'cosign' | 'notary';

export interface Ranking {
  /** The lower, the likelier a signature: what the bounds cut off is the rest. */
  readonly rank: number;
  /** The bound that the layer counts towards. */
  readonly bound: 'signatures' | 'attestations';
}

/** The kind of layers of this media type. */
export function kindHolding<K extends LayerKind>(kinds: readonly K[], mediaType: string): K | undefined {
  return kinds.find((kind) => kind.holds(mediaType));
}
