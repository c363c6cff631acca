import type { Stated } from '../conditions/stated.ts';
import type { Json } from '../expression/value.ts';
import { asksStated, type Finding, type Inquiry } from './inquiry.ts';

/** The hashes of the predicates that conditions ask for, of what the ledger knows about a target. */
export function predicatesWanted({ refusal, target, findings }: Inquiry): readonly string[] {
  if (refusal !== undefined) return [];
  return [...target.checks.values()].flatMap(({ at, check }) => (asksStated(check) ? hashesOf(findings[at]) : []));
}

function hashesOf(finding: Finding | undefined): readonly string[] {
  if (finding?.from !== 'ledger') return [];
  return (finding.verification.statements ?? []).map(({ predicate }) => predicate);
}

/** Takes what the statements of hits say. A hit of which any is not at hand is a miss. */
export function takePredicates({ target, findings }: Inquiry, predicateOf: (hash: string) => Json | undefined): void {
  for (const { at, check } of target.checks.values()) {
    const finding = findings[at];
    if (finding?.from !== 'ledger' || !asksStated(check)) continue;
    const stated: Stated[] = [];
    const { statements = [] } = finding.verification;
    for (const { predicate: hash, by } of statements) {
      const predicate = predicateOf(hash);
      if (predicate !== undefined) stated.push({ predicate, by });
    }
    const whole = statements.length > 0 && stated.length === statements.length;
    findings[at] = whole ? { ...finding, stated } : undefined;
  }
}

/**
 * Makes misses of the hits whose statements did not meet some entry's conditions: they are fetched and verified once more, and weighed
 * anew.
 */
export function dropUnmet({ weighed, findings }: Inquiry): void {
  for (const [asked, objection] of weighed) {
    if (objection === undefined) continue;
    weighed.delete(asked);
    for (const { check } of asked.attestations)
      if (findings[check.at]?.from === 'ledger') findings[check.at] = undefined;
  }
  // Another entry may have found the same statements good: what comes now may be others.
  for (const asked of [...weighed.keys()])
    if (asked.attestations.some(({ check }) => findings[check.at] === undefined)) weighed.delete(asked);
}
