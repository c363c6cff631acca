import type { QuestionPlan } from '../plan/plan.ts';
import type { Entry, Rule } from '../policy/policy.ts';
import type { Question } from '../policy/select.ts';
import { settledVerdict, type Verdict } from './verdict.ts';

/**
 * The verdicts once policies that apply one rule have been heard: of such a policy the first rule that answers about an image of the
 * object is the last that is asked, as in Kyverno (pkg/engine, ApplyOne). `questions` are in the order of the rules, with those of which a
 * purpose asks nothing.
 */
export function applyOne(questions: readonly QuestionPlan[], verdicts: Verdict[]): Verdict[] {
  if (!questions.some(({ question }) => question.rule.applyOne)) return verdicts;
  const byQuestion = new Map(verdicts.map((verdict) => [verdict.question, verdict]));
  const applied = new Map<string, Rule>();
  const unreached = new Set<Question>();
  for (const { question, entries } of questions) {
    const { rule } = question;
    if (!rule.applyOne) continue;
    const last = applied.get(rule.policy);
    if (last !== undefined && last !== rule) unreached.add(question);
    else if (last === undefined && answers(question, entries.length > 0, byQuestion.get(question)))
      applied.set(rule.policy, rule);
  }
  return verdicts.map((verdict) => {
    const { question } = verdict;
    if (!unreached.has(question)) return verdict;
    const message = `the policy applies one rule, and ${applied.get(question.rule.policy)?.name} has answered`;
    return settledVerdict(question, 'rule-not-reached', message);
  });
}

/**
 * Whether a rule has said anything of an image: that it passes, or fails. One that skips it has not, nor one that could not be asked,
 * whoever brought that about: an object that takes all the time with one rule must not be spared the next. Where validate asks nothing
 * of an image about whose signatures mutate has asked the rule, it was the rule that answered.
 */
function answers({ problem, about, ask, entries }: Question, isAsked: boolean, verdict: Verdict | undefined): boolean {
  if (problem !== undefined || about.kind === 'object') return false;
  if (verdict !== undefined) return verdict.result === 'pass' || verdict.result === 'fail';
  return ask === 'verify' && !isAsked && entries.some(verifies);
}

function verifies({ attestors, attestations }: Entry): boolean {
  return attestors.length + attestations.length > 0;
}
