import type { AdmissionRequest } from '../shared/admission/review.ts';
import type { ImageSlot } from '../shared/admission/slots.ts';
import { subjectOf } from '../shared/admission/subject.ts';
import { type ImageReference, parseReference } from '../shared/image/reference.ts';
import type { About } from '../shared/policy/about.ts';
import { actionFor } from '../shared/policy/action.ts';
import { slotsFor } from '../shared/policy/extract.ts';
import { ruleApplies } from '../shared/policy/match.ts';
import type { Action, Rule } from '../shared/policy/policy.ts';
import { type Question, questionFor } from '../shared/policy/select.ts';
import { Refusal } from '../shared/reasons.ts';
import { settledVerdict, type Verdict } from '../shared/verdict/verdict.ts';

/** What a rule says of an image that no entry of it covers or skips. */
export function notCovered(rule: Rule, action: Action, about: About, reference: ImageReference): Verdict {
  const none: Question = { rule, action, about, reference, entries: [], ask: 'skipped' };
  return settledVerdict(none, 'not-covered', 'no pattern of imageReferences covers this image');
}

/** What a rule says of an image that an entry covers without asking for anything. */
export function nothingAsked(question: Question): Verdict {
  return settledVerdict(question, 'not-covered', 'the rule has no attestors and asks for no digest');
}

/** What nobody was asked about in a resource: a webhook has nothing to say of it, whoever checks a manifest has to know. */
export interface NotAsked {
  readonly verdicts: readonly Verdict[];
  /** Why there are no verdicts at all: no image where images are known to stand, or no rule that matches the object. */
  readonly untouched?: 'no-image' | 'no-rule';
}

/**
 * The images of a resource about which a rule that matches it has no verdict among `known`. `denied`: mutate has denied, so that what
 * validate alone would have asked is unknown, and not told.
 */
export function notAsked(
  rules: readonly Rule[],
  request: AdmissionRequest,
  known: readonly Verdict[],
  denied: boolean,
): NotAsked {
  const { object, kind, namespace } = request;
  const slotsOf = slotsByRule(request);
  let applicable: readonly Rule[];
  let images: number;
  try {
    const isKnown = rules.some(({ extractors }) => extractors.has(kind.kind)) || slotsOf(undefined).length > 0;
    if (object === undefined || !isKnown) return { verdicts: [], untouched: 'no-image' };
    const subject = subjectOf(request, object);
    applicable = rules.filter((rule) => ruleApplies(rule, subject));
    images = applicable.reduce((sum, rule) => sum + slotsOf(rule).length, 0);
  } catch (thrown) {
    // What is malformed is the rules' verdict on the object as a whole, where a rule can be about it.
    if (thrown instanceof Refusal) return { verdicts: [], ...(known.length === 0 ? { untouched: 'no-rule' } : {}) };
    throw thrown;
  }
  if (applicable.length === 0) return { verdicts: [], untouched: 'no-rule' };
  if (images === 0) return { verdicts: [], ...(known.length === 0 ? { untouched: 'no-image' } : {}) };
  const answered = new Set(known.map(({ question }) => slotKey(question.rule, question.about)));
  const verdicts: Verdict[] = [];
  for (const rule of applicable) {
    if (answered.has(slotKey(rule, { kind: 'object' }))) continue;
    const action = actionFor(rule, namespace, request.namespaceLabels);
    for (const slot of slotsOf(rule)) {
      const about = { kind: 'slot', slot } as const;
      const parsed = parseReference(slot.text);
      if (answered.has(slotKey(rule, about)) || 'problem' in parsed) continue;
      const question = questionFor(rule, action, about, parsed.reference);
      if (question === undefined) verdicts.push(notCovered(rule, action, about, parsed.reference));
      else if (!denied) verdicts.push(nothingAsked(question));
    }
  }
  return { verdicts };
}

/** The slots that a rule sees, `undefined` standing for one without extractors. Throws Refusal `object-malformed`. */
function slotsByRule({ object, kind }: AdmissionRequest): (rule: Rule | undefined) => readonly ImageSlot[] {
  const known = new Map<unknown, readonly ImageSlot[]>();
  return (rule) => {
    const extractors = rule?.extractors.get(kind.kind);
    const slots = known.get(extractors) ?? (object === undefined ? [] : slotsFor(extractors, kind, object));
    known.set(extractors, slots);
    return slots;
  };
}

/** A rule and what it is asked about: by the slot, since mutate may have changed its text. */
export function slotKey({ policy, name }: Rule, about: About): string {
  return JSON.stringify([policy, name, about.kind === 'slot' ? about.slot.jsonPointer : about]);
}
