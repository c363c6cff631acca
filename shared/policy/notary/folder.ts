import type { LoadWarning } from '../problems.ts';
import type { NotaryTrust } from './trust-policy.ts';

/** A file of a folder that has notation's own layout. */
export interface NotaryFile {
  /** As problems name it: a path. */
  readonly name: string;
  /** Below the folder, joined by `/`: `truststore/x509/ca/acme/root.pem`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What a folder of notation's says, and the files that it says it by. */
export interface NotaryFolder {
  readonly trust: NotaryTrust;
  readonly files: readonly NotaryFile[];
  readonly warnings: readonly LoadWarning[];
}
