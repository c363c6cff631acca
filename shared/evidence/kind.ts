import type { LayerKind } from '../registry/layer-kind.ts';
import type { AttachedItem } from '../registry/registry.ts';
import type { Slices } from '../slices.ts';
import type { SignatureKind } from '../trust/accepted.ts';
import type { Attestation, Evidence, SignatureEvidence } from './evidence.ts';

/** One kind of evidence: where it is found, within which bounds, and how it is read. */
export interface EvidenceKind extends LayerKind {
  /** In slices: whoever attached a layer says how large it is. Throws Malformed, or what a parser throws. */
  read(item: AttachedItem, keep: Keep): Slices<Evidence>;
}

/** One that can be a signature of the image. */
export interface SignatureFormat<K extends SignatureKind> extends EvidenceKind {
  /** In the words of messages: `no {title} is attached`. */
  readonly title: string;
  /** The same for some that do not count: `(2 {plural})`. */
  readonly plural: string;
  read(item: AttachedItem, keep: Keep): Slices<SignatureEvidence<K> | Attestation>;
}

/** Whether the statements of attestations of this predicate type are kept. */
export type Keep = (predicateType: string) => boolean;
