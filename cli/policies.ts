import { expanded } from '../local/globs.ts';
import { holdsSamples, readPolicySet } from '../local/policies.ts';
import type { PolicyFile } from '../shared/policy/kyverno/load.ts';
import type { PolicySet } from '../shared/policy/policy.ts';
import { printWarning } from '../shared/policy/problems.ts';
import { samplesLeftOut } from '../shared/policy-set/layout.ts';
import { loadTexts } from '../shared/policy-set/load.ts';
import { refuseSecondStandardInput } from './standard-input.ts';
import { UsageError } from './usage.ts';

/**
 * Loads the policies of the files, folders and patterns that a command was given, `-` for standard input; warnings go to standard error. Throws PolicyLoadError,
 * FileError, and UsageError where there is no rule.
 */
export async function policiesFrom(
  written: readonly string[],
  options: Parameters<typeof readPolicySet>[1],
): Promise<PolicySet> {
  refuseSecondStandardInput(written);
  const named = await expanded(written);
  const set = warned(await readPolicySet(named, options));
  if (set.rules.length === 0) {
    const leftOut = (await holdsSamples(named)) ? `; ${samplesLeftOut}` : '';
    throw new UsageError(`no verifyImages rule in ${named.join(', ')}${leftOut}`);
  }
  return set;
}

/** The same of a policy that no file holds. Throws PolicyLoadError, FileError. */
export async function policyFrom(file: PolicyFile, options: Parameters<typeof readPolicySet>[1]): Promise<PolicySet> {
  return warned(await loadTexts([file], { ...options, namespace: undefined, unasked: 'allow' }));
}

function warned(set: PolicySet): PolicySet {
  for (const warning of set.warnings) process.stderr.write(`${printWarning(warning)}\n`);
  return set;
}
