import { kindOf, type Verdict } from './verdict.ts';

/** What a request's verdicts come to: docs/reasons.md has the three kinds of no. */
export interface Decision {
  readonly allowed: boolean;
  /** HTTP-like status of a denial: 403 where the evidence or the policy says no, 503 where nothing could be said. */
  readonly status: 200 | 403 | 503;
  readonly blocking: readonly Verdict[];
  /** Failed without blocking, or found nothing to look at: each becomes a warning. */
  readonly warned: readonly Verdict[];
  /** Passed with notes, each of which becomes a warning. */
  readonly noted: readonly Verdict[];
}

/**
 * Denied and invalid block where the rule enforces; unavailable blocks where the rule enforces under failurePolicy Fail.
 * A rule that audits never blocks.
 */
export function decide(verdicts: readonly Verdict[]): Decision {
  const blocking: Verdict[] = [];
  const warned: Verdict[] = [];
  const noted: Verdict[] = [];
  for (const verdict of verdicts) {
    if (verdict.reason === 'no-image') warned.push(verdict);
    if (verdict.notes !== undefined) noted.push(verdict);
    if (verdict.result === 'pass' || verdict.result === 'skip') continue;
    (blocks(verdict) ? blocking : warned).push(verdict);
  }
  if (blocking.length === 0) return { allowed: true, status: 200, blocking, warned, noted };
  const evidenceSaysNo = blocking.some((verdict) => kindOf(verdict.reason) !== 'unavailable');
  return { allowed: false, status: evidenceSaysNo ? 403 : 503, blocking, warned, noted };
}

function blocks(verdict: Verdict): boolean {
  if (verdict.question.action !== 'enforce') return false;
  return kindOf(verdict.reason) !== 'unavailable' || verdict.question.rule.failurePolicy === 'Fail';
}
