import type { KeyObject } from 'node:crypto';
import type { Digest } from '../image/digest.ts';
import type { Image } from '../registry/registry.ts';

/** What was signed: an image's manifest, or on the command line any file. */
export type Artifact = Image | AbsentArtifact;

/** A file that is not here, of which its SHA-256 is all that is known, or an image whose manifest is not at hand. */
export interface AbsentArtifact {
  readonly digest: Digest;
  readonly bytes: undefined;
  /** Of an image: how many bytes its manifest has, and what it is. */
  readonly size?: number;
  readonly mediaType?: string | undefined;
  /** Whether a signature over the file is by this key. It comes along because node:crypto takes no digest. Never throws. */
  isSigned(signature: Uint8Array, key: KeyObject): boolean;
}
