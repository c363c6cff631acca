import { isBeingDeleted, unchangedSlots } from '../admission/changes.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { type ImageSlot, imageSlots } from '../admission/slots.ts';
import { type Subject, subjectOf } from '../admission/subject.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import { quoted } from '../printable.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import type { About } from './about.ts';
import { actionFor } from './action.ts';
import { coverage } from './coverage.ts';
import { ruleApplies } from './match.ts';
import type { Action, Entry, Rule } from './policy.ts';

/** One rule and one image that it covers: what the rest of the line answers with one verdict. */
export interface Question {
  readonly rule: Rule;
  readonly action: Action;
  readonly about: About;
  /** `undefined` where `problem` says why nothing can be asked about it. */
  readonly reference: ImageReference | undefined;
  readonly problem?: Refusal;
  /** The entries that cover the image; empty when it is skipped. */
  readonly entries: readonly Entry[];
  readonly ask: 'verify' | 'unchanged' | 'skipped';
}

const theObject: About = { kind: 'object' };

/**
 * Which of `rules` apply to the request's object, and which slots each covers. An UPDATE's unchanged slot is not asked
 * again if the rule also applied to the old object, by the old object's own labels, annotations and name; a slot of an
 * object that was being deleted already is not asked again if every slot is unchanged.
 */
export function selectQuestions(rules: readonly Rule[], request: AdmissionRequest): Question[] {
  const object = request.object;
  if (object === undefined) return [];
  let applicable = rules;
  let slots: readonly ImageSlot[];
  try {
    const subject = subjectOf(request, object);
    applicable = rules.filter((rule) => ruleApplies(rule, subject));
    if (applicable.length === 0) return [];
    slots = imageSlots(request.kind.group, request.kind.kind, object);
  } catch (thrown) {
    const problem = asRefusal(thrown);
    return applicable.map((rule) => unanswerable(rule, request, theObject, problem));
  }
  const old = oldSide(request, slots);
  const parsed = slots.map((slot) => parseReference(slot.text));
  const abouts = slots.map((slot): About => ({ kind: 'slot', slot }));

  const questions: Question[] = [];
  for (const rule of applicable) {
    const untouched = old !== undefined && (old.leaving || ruleApplies(rule, old.subject)) ? old.unchanged : undefined;
    for (const [index, slot] of slots.entries()) {
      const reference = parsed[index];
      const about = abouts[index];
      if (reference === undefined || about === undefined) continue;
      const question =
        'problem' in reference
          ? unanswerable(rule, request, about, new Refusal('image-unparsable', imageProblem(slot, reference.problem)))
          : questionFor(rule, actionFor(rule, request.namespace), about, reference.reference);
      if (question === undefined) continue;
      questions.push(untouched?.has(slot) ? setAside(question) : question);
    }
  }
  return questions;
}

/** The question that a rule asks about one image, or none where no entry covers or skips it. */
export function questionFor(rule: Rule, action: Action, about: About, reference: ImageReference): Question | undefined {
  const entries: Entry[] = [];
  let skipped = false;
  for (const entry of rule.entries) {
    const covered = coverage(entry, reference);
    if (covered === 'covered') entries.push(entry);
    else if (covered === 'skipped') skipped = true;
  }
  if (entries.length > 0) return { rule, action, about, reference, entries, ask: 'verify' };
  return skipped ? { rule, action, about, reference, entries, ask: 'skipped' } : undefined;
}

function unanswerable(rule: Rule, request: AdmissionRequest, about: About, problem: Refusal): Question {
  const action = actionFor(rule, request.namespace);
  return { rule, action, about, reference: undefined, problem, entries: rule.entries, ask: 'verify' };
}

function setAside(question: Question): Question {
  const { rule, action, about, reference } = question;
  return { rule, action, about, reference, entries: [], ask: 'unchanged' };
}

function imageProblem(slot: ImageSlot, problem: string): string {
  return `${slot.list} '${slot.name}': ${quoted(slot.text, 120)} is no image reference: ${problem}`;
}

interface OldSide {
  readonly subject: Subject;
  readonly unchanged: ReadonlySet<ImageSlot>;
  /** The old object was being deleted and every slot is as it was. */
  readonly leaving: boolean;
}

/** A missing or malformed oldObject means changed. */
function oldSide(request: AdmissionRequest, slots: readonly ImageSlot[]): OldSide | undefined {
  const old = request.oldObject;
  if (request.operation !== 'UPDATE' || old === undefined) return undefined;
  try {
    const unchanged = unchangedSlots(imageSlots(request.kind.group, request.kind.kind, old), slots);
    const leaving = isBeingDeleted(old) && unchanged.size === slots.length;
    return { subject: subjectOf(request, old), unchanged, leaving };
  } catch {
    return undefined;
  }
}
