import type { PolicySet } from '../policy/policy.ts';
import type { LoadWarning } from '../policy/problems.ts';
import { Refusal } from '../reasons.ts';
import { createChecks } from './checks.ts';
import type { TrustRoots } from './root/trust-root.ts';

const told: ReadonlySet<string> = new Set(['key-invalid', 'trust-missing']);

/**
 * Keys that load and cannot be used, and what is asked for and nobody can be believed about: told when the policies load, and not only
 * when an image is denied for it. Rejects where the trust root cannot be had.
 */
export async function trustWarnings({ rules }: Pick<PolicySet, 'rules'>, roots: TrustRoots): Promise<LoadWarning[]> {
  const checks = createChecks();
  const warnings: LoadWarning[] = [];
  for (const { file, line, name, entries, autogenOf } of rules) {
    if (autogenOf !== undefined) continue;
    for (const entry of entries) {
      const check =
        entry.attestors.length === 0 ? undefined : (checks.own(entry) ?? checks.under(entry, await roots()));
      if (!(check instanceof Refusal) || !told.has(check.reason)) continue;
      warnings.push({
        file,
        line,
        message: `rule ${name}: ${entry.path}.${check.message}; every image is answered invalid`,
      });
    }
  }
  return warnings;
}
