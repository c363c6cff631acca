import type { PolicyFile } from '../policy/kyverno/load.ts';

/** The largest policy file that is read, in bytes. */
export const largestFile = 4 * 1024 * 1024;
/** Files and folders that are listed at most: far more than anyone means. */
export const mostNames = 10_000;

/** Where the files of policy sets come from: a folder, a function's zip, a bucket. */
export interface PolicySource {
  /** As messages name it; `undefined` where nobody could mean another. */
  readonly title: string | undefined;
  /** Throws where there is more than `mostNames`, or the source cannot be read. */
  list(): Listing | Promise<Listing>;
  /** Reads what `list` named. Throws where the file is larger than `largestFile`, or cannot be read. */
  readonly read: ReadFile;
  /** The same of a file of trust policies, which may be no text. Throws where it is larger than `largestNotaryFile`, or a link too. */
  bytes(name: string): BytesFile | Promise<BytesFile>;
}

export interface BytesFile {
  /** As problems name it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Relative to the source, folders joined by `/` or `\`; in the order in which they are loaded. */
export interface Listing {
  readonly files: readonly string[];
  /** Folders at the top, empty ones included. A source without folders of its own, as a bucket, lists none. */
  readonly folders: readonly string[];
}

/** Reads a file, by its name; the result has the name that problems and warnings are to give it. */
export type ReadFile = (name: string) => PolicyFile | Promise<PolicyFile>;
