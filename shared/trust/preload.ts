import type { PolicySet } from '../policy/policy.ts';
import type { LoadWarning } from '../policy/problems.ts';
import { Refusal } from '../reasons.ts';
import { createChecks } from './checks.ts';

/** Keys that load and cannot be used: told when the policies load, and not only when an image is denied for it. */
export function trustWarnings({ rules }: Pick<PolicySet, 'rules'>): LoadWarning[] {
  const checks = createChecks();
  const warnings: LoadWarning[] = [];
  for (const { file, line, name, entries, autogenOf } of rules) {
    if (autogenOf !== undefined) continue;
    for (const entry of entries) {
      const check = entry.attestors.length === 0 ? undefined : checks(entry);
      if (!(check instanceof Refusal) || check.reason !== 'key-invalid') continue;
      warnings.push({
        file,
        line,
        message: `rule ${name}: ${entry.path}.${check.message}; every image is answered invalid`,
      });
    }
  }
  return warnings;
}
