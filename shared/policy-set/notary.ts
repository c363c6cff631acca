import type { NotaryFile } from '../policy/notary/folder.ts';
import { PolicyLoadError } from '../policy/problems.ts';
import type { PolicySource } from './source.ts';

/** The folder beside policies that has trust policies and trust stores, in notation's own layout: for all clusters, or for the one whose folder it is in. */
export const notaryFolder = 'notary';

/** The largest file of such a folder that is read, and all of them together, in bytes. */
export const largestNotaryFile = 1024 * 1024;
const mostBytes = 8 * 1024 * 1024;
const mostFiles = 1000;

/** The files of a folder of notation's, before they are understood. */
export interface NotaryFiles {
  /** The folder, as problems name it. */
  readonly title: string;
  readonly files: readonly NotaryFile[];
}

/** Names of a source's files that are of one such folder. */
export interface NotaryNames {
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

/** Reads files of such a folder. Throws PolicyLoadError where they are more than anyone means, and what `bytes` throws. */
export async function readNotaryFiles(
  { folder, files }: NotaryNames,
  bytes: PolicySource['bytes'],
): Promise<NotaryFiles> {
  const read: NotaryFile[] = [];
  let total = 0;
  for (const { name, path } of files) {
    const file = await bytes(name);
    total += file.bytes.length;
    if (read.length >= mostFiles || total > mostBytes) {
      const message = `holds more than ${mostFiles} files or ${mostBytes} bytes`;
      throw new PolicyLoadError([{ file: folder, line: 0, field: '', message }]);
    }
    read.push({ ...file, path });
  }
  const [first] = read;
  // As whoever reads the files names them.
  const title = first?.name.endsWith(`/${first.path}`) ? first.name.slice(0, -first.path.length - 1) : folder;
  return { title, files: read };
}
