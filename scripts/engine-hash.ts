import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/**
 * What a build's verifications are stored under: a hash of everything that can change what `verify` answers beside the check itself.
 * That is shared/, but for aws/ (which only carries bytes) and tests, and what package-lock.json pins. SHA-256 in hex over names and
 * bytes, each length-prefixed, in the order of the names.
 */
export async function engineHash(root: string): Promise<string> {
  const listed = await readdir(join(root, 'shared'), { recursive: true, withFileTypes: true });
  const sources = listed
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => !name.startsWith('shared/aws/') && !name.includes('/testing/') && !name.endsWith('.test.ts'));
  const hash = createHash('sha256');
  for (const name of [...sources, 'package-lock.json'].sort()) {
    const bytes = await readFile(join(root, name));
    hash.update(`${Buffer.byteLength(name)}:${name}${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}
