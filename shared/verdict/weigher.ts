import { type Attested, weighConditions, weighDenial } from '../conditions/weigh.ts';
import { createRun, type Run } from '../expression/run.ts';
import { layered, nothing, type Scope } from '../expression/scope.ts';
import type { AskedOfTarget, Plan, QuestionPlan } from '../plan/plan.ts';
import { writtenImage } from '../policy/about.ts';
import { refusalFor } from '../policy/chosen-image.ts';
import { ImageNeeded } from '../policy/context.ts';
import type { Entry } from '../policy/policy.ts';
import { imageScope } from '../policy/variables.ts';
import { messageOf, Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import { asksStated, type Inquiry, isSatisfied, statedIn, type WeighedObjection } from './inquiry.ts';

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
      const scope = layered(imageScope(writtenImage(question.about) ?? ''), question.scope ?? nothing);
      inquiry.weighed.set(planned, weighed(planned, planned.entry, inquiry, scope, createRun(now)));
      yield;
    }
  }
}

/** Whether anything of the plan has to be weighed. */
export function asksAnyConditions({ targets }: Plan): boolean {
  for (const { checks } of targets.values())
    for (const { check } of checks.values()) if (asksStated(check)) return true;
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

/** What the conditions ask for and cannot be had, as an image that a context names, is the entry's own matter. */
function weighed(
  planned: AskedOfTarget,
  entry: Entry,
  inquiry: Inquiry,
  scope: Scope,
  run: Run,
): WeighedObjection | undefined {
  try {
    return weigh(planned, entry, inquiry, scope, run);
  } catch (thrown) {
    if (thrown instanceof ImageNeeded) throw thrown;
    // What a defect of ours would be is brought about by what was attested, or by the object.
    const refusal = thrown instanceof Refusal ? thrown : new Refusal('condition-error', messageOf(thrown));
    const { reason, message } = refusalFor(inquiry.target.reference, refusal);
    return { reason, message: `conditions: ${message}` };
  }
}

function weigh(
  { attestations }: AskedOfTarget,
  { deny }: Entry,
  { findings }: Inquiry,
  scope: Scope,
  run: Run,
): WeighedObjection | undefined {
  const weighed: Attested[] = [];
  for (const { wanted, check } of attestations) {
    const attested = { wanted, sets: check.check.sets, stated: statedIn(findings[check.at]) };
    // As in Kyverno, what comes later may ask about what came before.
    const objection = weighConditions(attested, weighed, scope, run);
    if (objection !== undefined) return objection;
    weighed.push(attested);
  }
  if (deny === undefined) return undefined;
  // What is attested by keys that could not be had might bring it about.
  const [missing] = attestations.flatMap(({ check }) => check.check.missing);
  return weighDenial(deny, weighed, scope, run) ?? missing;
}
