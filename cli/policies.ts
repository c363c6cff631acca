import { readPolicyFiles } from '../local/policies.ts';
import { PolicyLoadError } from '../shared/policy/load.ts';
import type { PolicySet } from '../shared/policy/policy.ts';
import { printWarning } from '../shared/policy/report.ts';
import { UsageError } from './usage.ts';

/** Loads the policies that a command was given; warnings go to standard error. Throws UsageError where there is no rule. */
export async function policiesFrom(files: readonly string[]): Promise<PolicySet> {
  let set: PolicySet;
  try {
    set = await readPolicyFiles(files);
  } catch (thrown) {
    if (thrown instanceof PolicyLoadError) throw thrown;
    throw new UsageError(Error.isError(thrown) ? thrown.message : String(thrown));
  }
  for (const warning of set.warnings) process.stderr.write(`${printWarning(warning)}\n`);
  if (set.rules.length === 0) throw new UsageError(`no verifyImages rule in ${files.join(', ')}`);
  return set;
}
