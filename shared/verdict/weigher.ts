import { type Attested, type ConditionObjection, weighConditions, weighDenial } from '../conditions/weigh.ts';
import { createRun, type Run } from '../expression/run.ts';
import { named, type Scope } from '../expression/scope.ts';
import type { Json } from '../expression/value.ts';
import type { AskedOfTarget, Plan, QuestionPlan } from '../plan/plan.ts';
import type { Entry } from '../policy/policy.ts';
import { imageScope } from '../policy/variables.ts';
import type { Slices } from '../slices.ts';
import { asksStated, type Inquiry, isSatisfied, statedIn } from './inquiry.ts';

/**
 * Weighs what was attested by the conditions of every entry that has some, where each of its attestations was found good; what was weighed
 * before is left. Conditions depend on the time and the object, so they are asked on each use, whoever remembers the rest.
 * @param now wall clock, milliseconds since 1970
 */
export function* weighInSlices(plan: Plan, inquiries: readonly Inquiry[], now: number): Slices<void> {
  let last: QuestionPlan['entries'] | undefined;
  for (const { question, entries } of plan.questions) {
    if (entries === last) continue;
    last = entries;
    for (const planned of entries) {
      if (planned.task !== 'verify' && planned.task !== 'unpinned') continue;
      const inquiry = inquiries[planned.target.at];
      if (inquiry === undefined || !isToBeWeighed(planned, planned.entry, inquiry)) continue;
      inquiry.weighed.set(planned, weigh(planned, planned.entry, inquiry, question.scope, createRun(now)));
      yield;
    }
  }
}

/** Whether anything of the plan has to be weighed. */
export function asksAnyConditions({ targets }: Plan): boolean {
  for (const { checks } of targets.values()) for (const { check } of checks.values()) if (asksStated(check)) return true;
  return false;
}

/** Whether an entry asks for what is attested, and not only that it is. */
export function asksConditions({ attestations, deny }: Pick<Entry, 'attestations' | 'deny'>): boolean {
  return deny !== undefined || attestations.some(({ conditions }) => conditions !== undefined);
}

function isToBeWeighed(planned: AskedOfTarget, entry: Entry, { refusal, findings, weighed }: Inquiry): boolean {
  if (planned.attestations.length === 0 || refusal !== undefined || weighed.has(planned)) return false;
  return asksConditions(entry) && planned.attestations.every(({ check }) => isSatisfied(findings[check.at]));
}

function weigh(
  { attestations }: AskedOfTarget,
  { deny }: Entry,
  { target, digest, findings }: Inquiry,
  around: Scope | undefined,
  run: Run,
): ConditionObjection | undefined {
  const scope = imageScope(around, target.reference, digest);
  const weighed: Attested[] = [];
  const names = new Map<string, Json>();
  for (const { wanted, check } of attestations) {
    const attested = { wanted, sets: check.check.sets, stated: statedIn(findings[check.at]) };
    const objection = weighConditions(attested, named(scope, names), run);
    if (objection !== undefined) return objection;
    weighed.push(attested);
    // As in Kyverno, what comes later may ask about it.
    const [first] = attested.stated;
    if (wanted.name !== undefined && first !== undefined) names.set(wanted.name, first.predicate);
  }
  return deny === undefined ? undefined : weighDenial(deny, weighed, scope, run);
}
