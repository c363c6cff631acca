import { carriedRoots, rootOfFile } from '../local/trust-root.ts';
import { printable } from '../shared/printable.ts';
import { noRoots, type TrustRoots } from '../shared/trust/root/trust-root.ts';
import { ageWarning, defaultOldDays, type FoundRoot, unreadWarnings } from '../shared/trust-roots/found.ts';
import { type Arguments, single } from './arguments.ts';

/** `--trusted-root FILE`: the trust root of that file in place of the carried one; `none`: the policies alone are trusted. */
export const trustedRootOption = 'trusted-root';

/**
 * The trust root that the options ask for. A file is read at once, the carried one when a check needs it; warnings go to standard error.
 * Throws FileError.
 */
export async function trustRootFrom(found: Arguments): Promise<TrustRoots> {
  const named = single(found, trustedRootOption, undefined);
  if (named === undefined) return carriedRoots(warn);
  if (named === 'none') return noRoots;
  const file = await rootOfFile(named);
  warn(file);
  return () => file.root;
}

function warn(found: FoundRoot): void {
  const old = ageWarning(found, Date.now(), defaultOldDays);
  const warnings = [...unreadWarnings(found), ...(old === undefined ? [] : [`${old}: countersign trust update`])];
  for (const warning of warnings) process.stderr.write(`countersign: ${printable(warning)}\n`);
}
