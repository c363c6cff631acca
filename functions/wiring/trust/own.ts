import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../../shared/reasons.ts';
import { carriedRoot } from '../../../shared/trust-roots/carried.ts';
import type { FoundRoot } from '../../../shared/trust-roots/found.ts';
import { ConfigError } from '../config/settings.ts';
import type { TrustConfig } from '../config/trust.ts';

/**
 * The trust root of the zip: the carried one, or a file below the function's code, of which nothing says how old it is. Throws
 * ConfigError for a file that is none.
 */
export async function ownRoot(
  trustRoot: Exclude<TrustConfig['trustRoot'], 'none'>,
  folder: string,
): Promise<FoundRoot> {
  if (trustRoot === 'carried') return carriedRoot();
  const { readTrustRoot } = await import('../../../shared/trust/root/read.ts');
  const { file } = trustRoot;
  try {
    return { ...readTrustRoot(readFileSync(join(folder, file))), title: file, date: undefined };
  } catch (thrown) {
    throw new ConfigError([`TRUST_ROOT: ${file} is no trust root: ${messageOf(thrown)}`]);
  }
}
