import type { Entry, PolicySet } from '../policy/policy.ts';
import type { LoadWarning } from '../policy/problems.ts';
import { Refusal } from '../reasons.ts';
import type { Anchor } from './check.ts';
import { createChecks, type Subject } from './checks.ts';
import { always, type TrustRoots } from './root/trust-root.ts';
import { issuesNothing } from './x509/issuers.ts';

const told: ReadonlySet<string> = new Set(['key-invalid', 'trust-missing']);

/**
 * Keys and CAs that load and cannot be used, and what is asked for and nobody can be believed about: told when the policies load, and not only
 * when an image is denied for it. Rejects where the trust root cannot be had.
 */
export async function trustWarnings({ rules }: Pick<PolicySet, 'rules'>, roots: TrustRoots): Promise<LoadWarning[]> {
  const checks = createChecks();
  const warnings: LoadWarning[] = [];
  for (const { file, line, name, entries, autogenOf } of rules) {
    if (autogenOf !== undefined) continue;
    for (const subject of entries.flatMap(subjectsOf)) {
      const { entry } = subject;
      const check = checks.own(subject) ?? checks.under(subject, await roots());
      const warn = (message: string, more: Pick<LoadWarning, 'lacks'> = {}) =>
        warnings.push({ file, line, message: `rule ${name}: ${entry.path}.${message}`, ...more });
      if (!(check instanceof Refusal)) for (const message of check.sets.flatMap(unusableIn)) warn(message);
      else if (told.has(check.reason)) {
        const missing = check.reason === 'trust-missing' ? { lacks: 'trust' as const } : {};
        warn(`${check.message}; every image is answered invalid`, missing);
      }
    }
  }
  return warnings;
}

/** What an entry asks checks about: its signatures, and its attestations where they name attestors of their own. */
function subjectsOf(entry: Entry): Subject[] {
  const own = entry.attestations.filter(({ attestors }) => attestors !== entry.attestors);
  const attested = own.map((attestation) => ({ entry, attestation }));
  return entry.attestors.length === 0 ? attested : [{ entry }, ...attested];
}

/** The CAs that a policy itself names, and that issue nothing which counts. */
function unusableIn(anchor: Anchor): readonly string[] {
  if (anchor.kind === 'set') return anchor.anchors.flatMap(unusableIn);
  const authorities = 'trust' in anchor ? (anchor.trust?.authorities ?? []) : [];
  return authorities
    .filter(({ validFor }) => validFor === always)
    .flatMap(({ root, intermediates }) => [...intermediates, root])
    .flatMap((certificate) => {
      const why = issuesNothing(certificate);
      const who = certificate.subject.replaceAll('\n', ', ');
      return why === undefined ? [] : [`${anchor.path}: the CA ${who} issued nothing that counts, since ${why}`];
    });
}
