import type { Rule } from '../policy/policy.ts';
import { settledVerdict, type Verdict } from './verdict.ts';

/**
 * The verdicts once policies that apply one rule have been heard: of such a policy the first rule that passed or failed an image of the
 * object is the last that is asked, as in Kyverno (pkg/engine, ApplyOne). One that skipped, or could not answer, is not.
 */
export function applyOne(verdicts: Verdict[]): Verdict[] {
  if (!verdicts.some(({ question }) => question.rule.applyOne)) return verdicts;
  const applied = new Map<string, Rule>();
  for (const { question, result } of verdicts) {
    const { rule } = question;
    if (rule.applyOne && (result === 'pass' || result === 'fail') && !applied.has(rule.policy))
      applied.set(rule.policy, rule);
  }
  const reached = new Set<string>();
  return verdicts.map((verdict) => {
    const { rule } = verdict.question;
    const last = applied.get(rule.policy);
    if (last === rule) reached.add(rule.policy);
    if (last === undefined || last === rule || !reached.has(rule.policy)) return verdict;
    const message = `the policy applies one rule, and ${last.name} has answered`;
    return settledVerdict(verdict.question, 'rule-not-reached', message);
  });
}
