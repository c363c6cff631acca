import { isBeingDeleted, unchangedSlots } from '../admission/changes.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { type ImageSlot, imageSlots } from '../admission/slots.ts';
import { type Subject, subjectOf } from '../admission/subject.ts';
import type { Scope } from '../expression/scope.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import { Spellings } from '../image/spellings.ts';
import { quoted } from '../printable.ts';
import { asRefusal, Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import type { About } from './about.ts';
import { actionFor } from './action.ts';
import { coverage } from './coverage.ts';
import { ruleApplies } from './match.ts';
import type { Action, Entry, Rule } from './policy.ts';

/** One rule and one image slot that it covers: what the rest of the line answers with one verdict. */
export interface Question {
  readonly rule: Rule;
  readonly action: Action;
  readonly about: About;
  /** `undefined` where `problem` says why nothing can be asked about it. */
  readonly reference: ImageReference | undefined;
  readonly problem?: Refusal | undefined;
  /** The entries that cover the image; empty when it is skipped, or left as it was with nothing else to ask. */
  readonly entries: readonly Entry[];
  readonly ask: 'verify' | 'unchanged' | 'skipped' | 'unmet';
  /** Registries, named by rules or settings, that signatures are read from since the object says so. */
  readonly chosen?: ReadonlySet<string> | undefined;
  /** An UPDATE left the image, and what the rule asks is another thing than before. */
  readonly again?: boolean | undefined;
  /** What conditions may be about beside what is attested; `undefined`: the image alone. */
  readonly scope?: Scope | undefined;
}

const theObject: About = { kind: 'object' };

/** Patterns that are tried in one slice: more than the images of a common object need. */
const stride = 100;
/** Characters of labels and annotations for which a rule's filters count as one pattern. */
const charactersATry = 1024;

/** A rule that applies to the object, with what is asked of all its images. */
interface Asking {
  readonly rule: Rule;
  readonly action: Action;
  /** The slots that are not asked again. */
  readonly untouched: ReadonlySet<ImageSlot> | undefined;
  /** Whether that holds for what the rule says of more than images, too: deletion of the object has begun. */
  readonly leaving: boolean;
  readonly questions: Question[];
}

/**
 * Which of `rules` apply to the request's object, and which slots each covers. An UPDATE's unchanged slot is not asked
 * again if the rule also applied to the old object, by the old object's own labels, annotations and name; a slot of an
 * object that was being deleted already is not asked again if every slot is unchanged.
 *
 * Whoever writes the object says how many texts are compared with the filters and the patterns of every rule: so it goes in
 * slices, and what has no time for the next one throws Refusal `deadline` into it. Then each rule denies the object, which is its
 * author's doing.
 */
export function* selectInSlices(rules: readonly Rule[], request: AdmissionRequest): Slices<readonly Question[]> {
  const object = request.object;
  if (object === undefined) return [];
  let applicable = rules;
  let asking: readonly Asking[];
  let slots: readonly ImageSlot[];
  try {
    const subject = subjectOf(request, object);
    applicable = takesSlices(rules, subject)
      ? yield* applyingInSlices(rules, subject)
      : rules.filter((rule) => ruleApplies(rule, subject));
    if (applicable.length === 0) return [];
    slots = imageSlots(request.kind.group, request.kind.kind, object);
    const old = oldSide(request, slots);
    const before =
      old === undefined || old.leaving || !takesSlices(applicable, old.subject)
        ? undefined
        : new Set(yield* applyingInSlices(applicable, old.subject));
    asking = askingOf(applicable, request, old, before);
  } catch (thrown) {
    const problem = slowFilters(asRefusal(thrown));
    return applicable.map((rule) => unanswerable(rule, actionFor(rule, request.namespace), theObject, problem));
  }
  let tried = 0;
  for (const [text, same] of byText(slots)) {
    const parsed = parseReference(text);
    if ('problem' in parsed) {
      askUnparsable(asking, same, parsed.problem);
      continue;
    }
    const spellings = new Spellings(parsed.reference);
    for (const each of asking) {
      askAll(each, same, spellings);
      for (const entry of each.rule.entries) tried += entry.imageReferences.length;
      if (tried < stride) continue;
      tried = 0;
      try {
        yield;
      } catch (thrown) {
        return withoutTime(asking, slots, asRefusal(thrown));
      }
    }
  }
  return asking.flatMap(({ questions }) => questions);
}

/** Whether it takes more than a slice to compare an object with the rules' filters. */
function takesSlices(rules: readonly Rule[], { size }: Subject): boolean {
  return size * rules.length > stride * charactersATry;
}

/** The rules that apply to an object with long labels and annotations. */
function* applyingInSlices(rules: readonly Rule[], subject: Subject): Slices<readonly Rule[]> {
  const applicable: Rule[] = [];
  let tried = 0;
  for (const rule of rules) {
    if (ruleApplies(rule, subject)) applicable.push(rule);
    tried += subject.size / charactersATry;
    if (tried < stride) continue;
    tried = 0;
    yield;
  }
  return applicable;
}

/** The time that an object's filters take is its author's doing: until they are through, each rule may be about it. */
function slowFilters(problem: Refusal): Refusal {
  if (problem.reason !== 'deadline') return problem;
  const told = "the time ended while the object's labels and annotations were compared with the rules' filters";
  return new Refusal('object-too-slow', told, { cause: problem });
}

/** @param before which rules applied to the old object, where that has been found out. */
function askingOf(
  rules: readonly Rule[],
  request: AdmissionRequest,
  old: OldSide | undefined,
  before: ReadonlySet<Rule> | undefined,
): Asking[] {
  const applied = (rule: Rule, { subject }: OldSide) =>
    before === undefined ? ruleApplies(rule, subject) : before.has(rule);
  return rules.map((rule) => ({
    rule,
    action: actionFor(rule, request.namespace),
    untouched: old !== undefined && (old.leaving || applied(rule, old)) ? old.unchanged : undefined,
    leaving: old?.leaving === true,
    questions: [],
  }));
}

function byText(slots: readonly ImageSlot[]): ReadonlyMap<string, ImageSlot[]> {
  const texts = new Map<string, ImageSlot[]>();
  for (const slot of slots) {
    const same = texts.get(slot.text);
    if (same === undefined) texts.set(slot.text, [slot]);
    else same.push(slot);
  }
  return texts;
}

/** What a rule asks about the slots that name one image. */
function askAll(
  { rule, action, untouched, leaving, questions }: Asking,
  slots: readonly ImageSlot[],
  spellings: Spellings,
): void {
  const asked = entriesAbout(rule, spellings);
  if (asked === undefined) return;
  const { reference } = spellings;
  // A rule that depends on more of the object is asked whether that is as it was.
  const again: Asked = rule.varies && !leaving && asked.ask === 'verify' ? { ...asked, ask: 'unchanged' } : unasked;
  for (const slot of slots) {
    const ask = untouched?.has(slot) ? again : asked;
    questions.push({ rule, action, about: { kind: 'slot', slot }, reference, ...ask });
  }
}

function askUnparsable(asking: readonly Asking[], slots: readonly ImageSlot[], what: string): void {
  for (const slot of slots) {
    const problem = new Refusal('image-unparsable', imageProblem(slot, what));
    for (const { rule, action, untouched, questions } of asking) {
      const question = unanswerable(rule, action, { kind: 'slot', slot }, problem);
      questions.push(untouched?.has(slot) ? { ...question, problem: undefined, ...unasked } : question);
    }
  }
}

/** An object that leaves all its images as they were is asked nothing, however many there are. */
function withoutTime(asking: readonly Asking[], slots: readonly ImageSlot[], cause: Refusal): readonly Question[] {
  const told = `the time ended while the object's ${slots.length} images were compared with the rules' patterns`;
  const problem = new Refusal('object-too-slow', told, { cause });
  return asking
    .filter(({ untouched }) => untouched?.size !== slots.length)
    .map(({ rule, action }) => unanswerable(rule, action, theObject, problem));
}

/** The question that a rule asks about one image, or none where no entry covers or skips it. */
export function questionFor(rule: Rule, action: Action, about: About, reference: ImageReference): Question | undefined {
  const asked = entriesAbout(rule, new Spellings(reference));
  return asked === undefined ? undefined : { rule, action, about, reference, ...asked };
}

type Asked = Pick<Question, 'entries' | 'ask'>;
const unasked: Asked = { entries: [], ask: 'unchanged' };
const skippedBy: Asked = { entries: [], ask: 'skipped' };

function entriesAbout(rule: Rule, spellings: Spellings): Asked | undefined {
  const entries: Entry[] = [];
  let skipped = false;
  for (const entry of rule.entries) {
    const covered = coverage(entry, spellings);
    if (covered === 'covered') entries.push(entry);
    else if (covered === 'skipped') skipped = true;
  }
  if (entries.length > 0) return { entries, ask: 'verify' };
  return skipped ? skippedBy : undefined;
}

function unanswerable(rule: Rule, action: Action, about: About, problem: Refusal): Question {
  return { rule, action, about, reference: undefined, problem, entries: rule.entries, ask: 'verify' };
}

function imageProblem(slot: ImageSlot, problem: string): string {
  return `${slot.list} ${quoted(slot.name, 63)}: ${quoted(slot.text, 120)} is no image reference: ${problem}`;
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
