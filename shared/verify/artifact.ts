import type { KeyObject } from 'node:crypto';
import type { Digest } from '../image/digest.ts';
import type { Image } from '../registry/registry.ts';

/** What was signed: an image's manifest, or on the command line any file. */
export type Artifact = Image | AbsentArtifact;

/** A file that is not here: its SHA-256 is all that is known of it. */
export interface AbsentArtifact {
  readonly digest: Digest;
  readonly bytes: undefined;
  /** Whether a signature over the file is by this key. It comes along because node:crypto takes no digest. Never throws. */
  isSigned(signature: Uint8Array, key: KeyObject): boolean;
}
