import { stat } from 'node:fs/promises';
import { messageOf } from '../shared/reasons.ts';
import type { TrustRoots } from '../shared/trust/root/trust-root.ts';
import { carriedRoot } from '../shared/trust-roots/carried.ts';
import { type FoundRoot, rootsOnce } from '../shared/trust-roots/found.ts';
import { FileError, readBounded } from './files.ts';

/** The carried trust root, read when a check first needs it; `loaded` is told of it then. */
export function carriedRoots(loaded: (found: FoundRoot) => void = () => undefined): TrustRoots {
  return rootsOnce(async () => {
    const found = await carriedRoot();
    loaded(found);
    return found.root;
  });
}

/** The trust root of a file; its date is when the file was written. Throws FileError. */
export async function rootOfFile(file: string): Promise<FoundRoot> {
  const { largestRoot, readTrustRoot } = await import('../shared/trust/root/read.ts');
  const text = await readBounded(file, largestRoot);
  const { mtimeMs } = await stat(file);
  try {
    return { ...readTrustRoot(Buffer.from(text, 'utf8')), title: file, date: mtimeMs };
  } catch (thrown) {
    throw new FileError(file, `${file} is no trust root: ${messageOf(thrown)}`);
  }
}
