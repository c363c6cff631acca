import { isBeingDeleted, unchangedSlots } from '../admission/changes.ts';
import type { JsonObject } from '../admission/json.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import type { ImageSlot } from '../admission/slots.ts';
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
import { pathOf, slotsFor } from './extract.ts';
import { ruleApplies } from './match.ts';
import type { Action, Entry, ImageExtractor, Rule } from './policy.ts';
import { charactersATry, stride, triesOf } from './stride.ts';

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
  readonly ask: 'verify' | 'unchanged' | 'skipped' | 'unmet' | 'excepted' | 'no-image';
  /** The exceptions by which it is `excepted`, by their names. */
  readonly exceptions?: readonly string[] | undefined;
  /** Where the rule's extractors found none. */
  readonly searched?: readonly string[] | undefined;
  /** Registries, named by rules or settings, that signatures are read from since the object says so. */
  readonly chosen?: ReadonlySet<string> | undefined;
  /** An UPDATE left the image, and what the rule asks is another thing than before. */
  readonly again?: boolean | undefined;
  /** What conditions may be about beside what is attested; `undefined`: the image alone. */
  readonly scope?: Scope | undefined;
}

const theObject: About = { kind: 'object' };

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
  const { object, kind } = request;
  if (object === undefined) return [];
  let applicable = rules;
  try {
    const subject = subjectOf(request, object);
    applicable = takesSlices(rules, subject)
      ? yield* applyingInSlices(rules, subject)
      : rules.filter((rule) => ruleApplies(rule, subject));
  } catch (thrown) {
    return unanswerables(applicable, request, slowFilters(asRefusal(thrown)));
  }
  if (applicable.every(({ extractors }) => extractors.size === 0)) {
    return yield* questionsOf(applicable, undefined, request, object);
  }
  // Rules that look for images in other places see other slots; what is asked stays in the order of the rules.
  const asked: Question[] = [];
  for (const [extractors, group] of Map.groupBy(applicable, (rule) => rule.extractors.get(kind.kind))) {
    asked.push(...(yield* questionsOf(group, extractors, request, object)));
  }
  const places = new Map(applicable.map((rule, index) => [rule, index]));
  return asked.sort((a, b) => (places.get(a.rule) ?? 0) - (places.get(b.rule) ?? 0));
}

/** What rules that apply to an object ask about its images. @param extractors where all of them look for images. */
function* questionsOf(
  applicable: readonly Rule[],
  extractors: readonly ImageExtractor[] | undefined,
  request: AdmissionRequest,
  object: JsonObject,
): Slices<readonly Question[]> {
  if (applicable.length === 0) return [];
  let asking: readonly Asking[];
  let slots: readonly ImageSlot[];
  try {
    slots = slotsFor(extractors, request.kind, object);
    const old = oldSide(request, slots, extractors);
    const before =
      old === undefined || old.leaving || !takesSlices(applicable, old.subject)
        ? undefined
        : new Set(yield* applyingInSlices(applicable, old.subject));
    asking = askingOf(applicable, request, old, before);
  } catch (thrown) {
    return unanswerables(applicable, request, slowFilters(asRefusal(thrown)));
  }
  if (extractors !== undefined && slots.length === 0) return noImage(asking, extractors);
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

/**
 * An object in which a rule's extractors find nothing may be one that has no image, or they look in the wrong place, and nobody would be
 * told. One that the rule was about before is as it was, or has lost its images.
 */
function noImage(asking: readonly Asking[], extractors: readonly ImageExtractor[]): readonly Question[] {
  const searched = extractors.map(pathOf);
  return asking
    .filter(({ untouched }) => untouched === undefined)
    .map(({ rule, action }) => {
      return { rule, action, about: theObject, reference: undefined, entries: [], ask: 'no-image', searched };
    });
}

function unanswerables(rules: readonly Rule[], request: AdmissionRequest, problem: Refusal): readonly Question[] {
  const actionOf = (rule: Rule) => actionFor(rule, request.namespace, request.namespaceLabels);
  return rules.map((rule) => unanswerable(rule, actionOf(rule), theObject, problem));
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
    tried += triesOf(subject);
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
    action: actionFor(rule, request.namespace, request.namespaceLabels),
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

/**
 * An object that leaves all its images as they were is asked nothing, however many there are, unless a rule depends on more of it: whether
 * that is as it was is not known, and its author can bring about that there is no time.
 */
function withoutTime(asking: readonly Asking[], slots: readonly ImageSlot[], cause: Refusal): readonly Question[] {
  const told = `the time ended while the object's ${slots.length} images were compared with the rules' patterns`;
  const problem = new Refusal('object-too-slow', told, { cause });
  return asking
    .filter(({ rule, untouched, leaving }) => untouched?.size !== slots.length || (rule.varies && !leaving))
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
function oldSide(
  request: AdmissionRequest,
  slots: readonly ImageSlot[],
  extractors: readonly ImageExtractor[] | undefined,
): OldSide | undefined {
  const old = request.oldObject;
  if (request.operation !== 'UPDATE' || old === undefined) return undefined;
  try {
    const unchanged = unchangedSlots(slotsFor(extractors, request.kind, old), slots);
    const leaving = isBeingDeleted(old) && unchanged.size === slots.length;
    return { subject: subjectOf(request, old), unchanged, leaving };
  } catch {
    return undefined;
  }
}
