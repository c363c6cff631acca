import { compileWildcard, hasWildcard } from '../../image/wildcard.ts';
import type { Action, Override } from '../policy.ts';
import type { OverrideFields } from './fields.ts';
import { readNamespaceSelector } from './filter.ts';
import { impossibleNames } from './object-names.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';

/** Kyverno's failure action; the older spelling in lower case means the same. */
export function readAction(text: 'Audit' | 'Enforce' | 'audit' | 'enforce'): Action {
  return text === 'Enforce' || text === 'enforce' ? 'enforce' : 'audit';
}

/** Whether what stands at a place as its failure action, or was likely meant to, was refused: what follows from it is no news. */
export function isActionRefused(place: Place, report: Report): boolean {
  return place.names.some((name) => /act(?!.*overrides)/i.test(name) && !report.clean(place.field(name)));
}

/** validationFailureActionOverrides, with Kyverno's lint: two that disagree must not share a namespace. */
export function readOverrides(fields: readonly OverrideFields[], place: Place, report: Report): readonly Override[] {
  const overrides: Override[] = [];
  for (const [index, { action: written, namespaces, namespaceSelector }] of fields.entries()) {
    const at = place.item(index);
    if (written === undefined) {
      report.problem(at, 'invalid action: Enforce or Audit is required');
      continue;
    }
    const namespaceAt = (item: number) => at.field('namespaces').item(item);
    for (const each of impossibleNames(namespaces ?? [], 'namespace', namespaceAt)) {
      report.warning(each.at, `${each.message}, so it overrides nothing`);
    }
    if (namespaces?.length === 0) report.problem(at.field('namespaces'), 'is empty, and so overrides nothing');
    // Without namespaces Kyverno overrides everywhere.
    const selector = readNamespaceSelector(namespaceSelector, at.field('namespaceSelector'), report);
    const override: Override = {
      action: readAction(written),
      namespaces: namespaces ?? ['*'],
      ...(selector !== undefined && selector !== 'every namespace' && { namespaceSelector: selector }),
    };
    for (const earlier of overrides) refuseConflict(earlier, override, at.field('namespaces'), report);
    overrides.push(override);
  }
  return overrides;
}

function refuseConflict(earlier: Override, later: Override, place: Place, report: Report): void {
  // Where either selects by labels, namespaces of one name may be in one of them alone.
  if (earlier.action === later.action || earlier.namespaceSelector || later.namespaceSelector) return;
  for (const one of earlier.namespaces) {
    for (const other of later.namespaces) {
      if (one === other) report.problem(place, `conflicting namespaces found: ${one}`);
      else if (contains(one, other)) report.problem(place, conflict(one, other));
      else if (contains(other, one)) report.problem(place, conflict(other, one));
    }
  }
}

function contains(pattern: string, text: string): boolean {
  return hasWildcard(pattern) && compileWildcard(pattern)(text);
}

function conflict(pattern: string, other: string): string {
  return `wildcard pattern '${pattern}' conflicts with ${hasWildcard(other) ? 'the pattern' : 'namespace'} '${other}'`;
}
