import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { readBounded } from '../../local/files.ts';
import { changeTokens, type TokenChange } from '../../shared/admission/token-changes.ts';
import { messageOf } from '../../shared/reasons.ts';
import { UsageError } from '../usage.ts';

/** In bytes: what Secrets Manager keeps of one secret. */
const largest = 65_536;

/**
 * Changes the text of a secret in a file, which nobody else may read; a file that is empty, or not there when a token is added, is a secret
 * without a value. Throws FileError, TokenChangeError, UsageError.
 */
export async function changeFile(file: string, change: TokenChange): Promise<void> {
  const text = change.kind === 'add' && !existsSync(file) ? '' : await readBounded(file, largest);
  const changed = changeTokens(text.trim() === '' ? undefined : text, change);
  // Beside it and moved, so that nobody reads half of it.
  const part = `${file}.part-${process.pid}`;
  try {
    await writeFile(part, changed, { mode: 0o600 });
    await rename(part, file);
  } catch (thrown) {
    await rm(part, { force: true });
    throw new UsageError(`--file: cannot write ${file}: ${messageOf(thrown)}`);
  }
}
