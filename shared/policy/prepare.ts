import { leavesAll } from '../admission/changes.ts';
import type { JsonObject } from '../admission/json.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { type Subject, subjectOf } from '../admission/subject.ts';
import { createRun, type Run } from '../expression/run.ts';
import { nothing, type Scope } from '../expression/scope.ts';
import { messageOf, Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import { refusalFor } from './chosen-image.ts';
import { asksRequest, contextScope, type ImageData, ImageNeeded } from './context.ts';
import { exceptionMatches } from './exceptions.ts';
import type { AttestorSet, Entry, Rule, RuleException, Written } from './policy.ts';
import type { LoadProblem } from './problems.ts';
import type { Question } from './select.ts';
import { loadedBeside, type Stated, withStated } from './stated.ts';
import { stride, triesOf } from './stride.ts';
import { variablesOf } from './variables.ts';

/** What rules are prepared by. */
export interface Preparation {
  /** `undefined`: somebody named the images, without an object. */
  readonly request: AdmissionRequest | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** What registries said of the images that contexts name. */
  readonly imageData: ImageData;
  /** Whether the rules or the settings name a registry: an object that could name another one would have any host called. */
  isNamed(registry: string): boolean;
  /** What counts in place of the request and of the contexts; `undefined`: nothing. */
  readonly stated?: Stated | undefined;
}

/** Whether any of the questions is of a rule that depends on more of the object than its images. */
export function isToBePrepared(questions: readonly Question[]): boolean {
  for (const question of questions) if (isVarying(question)) return true;
  return false;
}

/**
 * The questions as they are for this object, in Kyverno's order: a rule's context is there for whoever asks for it, its preconditions are
 * evaluated, then its exceptions, and variables are substituted in its entries, each once. A slice for each rule, and for so many images. What
 * goes wrong is the rule's own problem.
 * Throws ImageNeeded where a context names an image that has not been looked up.
 */
export function* prepareInSlices(
  questions: readonly Question[],
  preparation: Preparation,
): Slices<readonly Question[]> {
  const subjects: Subjects = new Map();
  const rules = new Map<Rule, PreparedRule>();
  const prepared: Question[] = [];
  const { request } = preparation;
  let leaves: boolean | undefined;
  let asked = 0;
  for (const question of questions) {
    if (!isVarying(question)) {
      prepared.push(question);
      continue;
    }
    let rule = rules.get(question.rule);
    if (rule === undefined) {
      rule = new PreparedRule(question.rule, preparation);
      rules.set(question.rule, rule);
      yield* rule.exceptInSlices(subjects);
      yield;
    }
    asked += 1;
    if (asked % questionsASlice === 0) yield;
    if (question.ask !== 'unchanged') {
      prepared.push(rule.question(question));
      continue;
    }
    yield* rule.exceptBeforeInSlices(subjects);
    // All of the object is compared: once, however many images and rules there are.
    leaves ??= request !== undefined && leavesAll(request);
    prepared.push(leaves ? { ...question, entries: [] } : rule.question(question));
  }
  return prepared;
}

/** Whether a question depends on more of the object than its images. */
export function isVarying({ rule, ask, problem, entries }: Question): boolean {
  if (!rule.varies || problem !== undefined) return false;
  return ask === 'verify' || (ask === 'unchanged' && entries.length > 0);
}

/** Of the new object and of the old one: exceptions of many rules are asked about them. */
type Subjects = Map<JsonObject, Subject>;

/** Questions that are prepared at once, where their rules are: of each the entries are put together anew. */
const questionsASlice = 64;

/** Exceptions of one rule and object that are looked for and named: one is enough for the rule to ask nothing. */
const mostNamed = 8;

interface Excepted {
  readonly exceptions: readonly string[];
}

/** An entry with its variables substituted, and the registries in it that the object says. */
interface Made {
  readonly entry: Entry;
  readonly chosen: readonly string[];
}

/** A rule as it is for one object. */
class PreparedRule {
  readonly #rule: Rule;
  readonly #preparation: Preparation;
  readonly #scope: Scope;
  #asked: 'asks' | 'unmet' | Refusal | undefined;
  /** What its exceptions come to; `undefined`: none is about the object. */
  #excepted: Excepted | Refusal | undefined;
  #lookedForExceptions = false;
  readonly #aboutRequest = new Map<Entry, boolean>();
  /** Each as it is for the object, whichever images it covers: their author chooses how many there are. */
  readonly #made = new Map<Entry, Made | Refusal>();
  /** By what covers an image. */
  readonly #entries = new Map<readonly Entry[], readonly Entry[] | Refusal>();
  /** The registries in them that the object says. */
  readonly #chosen = new Map<readonly Entry[], ReadonlySet<string>>();

  constructor(rule: Rule, preparation: Preparation) {
    const { request, now, imageData, stated: states } = preparation;
    this.#rule = rule;
    this.#preparation = preparation;
    const stated = states?.(rule);
    const said = request === undefined ? nothing : variablesOf(request, rule.extractors.get(request.kind.kind));
    const base = stated === undefined ? said : withStated(said, stated);
    const context = stated === undefined ? rule.context : loadedBeside(rule.context, stated);
    const sources = { configMaps: rule.configMaps, imageData, policyNamespace: rule.namespace };
    this.#scope = contextScope(context, base, sources, createRun(now));
  }

  question(question: Question): Question {
    const scope = this.#scope;
    if (this.#answer === 'unmet') return { ...question, entries: [], ask: 'unmet' };
    if (isExcepted(this.#answer)) return { ...question, entries: [], ask: 'excepted', ...this.#answer };
    if (question.ask === 'unchanged' && this.#askedTheSame(question.entries)) return { ...question, entries: [] };
    const again = question.ask === 'unchanged';
    const refused = (problem: Refusal): Question => ({
      ...question,
      again,
      ask: 'verify',
      problem: refusalFor(question.reference, problem),
    });
    if (this.#answer !== 'asks') return refused(this.#answer);
    const entries = this.#substituted(question.entries);
    if (entries instanceof Refusal) return refused(entries);
    const chosen = this.#chosen.get(question.entries);
    return { ...question, again, ask: 'verify', entries, scope, ...(chosen !== undefined && { chosen }) };
  }

  /**
   * Whether the rule asked the same of the object before an UPDATE that left the image alone. One that is relabelled into a rule's reach, or
   * whose conditions are about the object, is asked like a new one.
   */
  #askedTheSame(entries: readonly Entry[]): boolean {
    const before = this.#before();
    if (before === undefined) return false;
    if (before.#answer !== 'asks' || this.#answer !== 'asks') return isSame(before.#answer, this.#answer);
    const [old, now] = [before.#substituted(entries), this.#substituted(entries)];
    if (old instanceof Refusal || now instanceof Refusal) return isSame(old, now);
    return old.every((entry, index) => entry === now[index]) && !now.some((entry) => this.#isAboutRequest(entry));
  }

  /** Whether what is asked of the statements depends on the request: of an entry with its variables substituted, or else it has none. */
  #isAboutRequest(entry: Entry): boolean {
    let known = this.#aboutRequest.get(entry);
    if (known === undefined) {
      const { attestations, deny } = entry;
      const asked = [...attestations.flatMap(({ conditions }) => conditions ?? []), ...(deny ? [deny.conditions] : [])];
      known = asked.some(({ names }) => asksRequest(names, this.#rule.context));
      this.#aboutRequest.set(entry, known);
    }
    return known;
  }

  #known: PreparedRule | undefined;

  /** The rule as it was for the old object. */
  #before(): PreparedRule | undefined {
    const { request } = this.#preparation;
    if (request?.oldObject === undefined) return undefined;
    this.#known ??= new PreparedRule(this.#rule, {
      ...this.#preparation,
      request: { ...request, object: request.oldObject },
    });
    return this.#known;
  }

  get #answer(): 'asks' | 'unmet' | Refusal | Excepted {
    this.#asked ??= this.#asks(this.#rule);
    return this.#asked === 'asks' ? (this.#excepted ?? 'asks') : this.#asked;
  }

  /** Looks for exceptions from the rule that hold for the object, once. Of images that somebody named without one there are none. */
  *exceptInSlices(subjects: Subjects): Slices<void> {
    const { exceptions } = this.#rule;
    const { request } = this.#preparation;
    if (this.#lookedForExceptions || exceptions.length === 0 || request?.object === undefined) return;
    this.#lookedForExceptions = true;
    if (this.#answer !== 'asks') return;
    const subject = subjects.get(request.object) ?? subjectOf(request, request.object);
    subjects.set(request.object, subject);
    const found: string[] = [];
    let tried = 0;
    for (const exception of exceptions) {
      tried += 1 + triesOf(subject);
      if (tried >= stride) {
        tried = 0;
        yield;
      }
      if (!exceptionMatches(exception, subject)) continue;
      if (exception.conditions !== undefined) yield;
      const holds = this.#holds(exception);
      if (holds instanceof Refusal) this.#excepted = holds;
      else if (holds) found.push(exception.name);
      if (found.length === mostNamed) break;
    }
    // One that holds is enough, whatever could not be found out of another.
    if (found.length > 0) this.#excepted = { exceptions: found };
  }

  /** The same of the object before an UPDATE. */
  *exceptBeforeInSlices(subjects: Subjects): Slices<void> {
    if (this.#rule.exceptions.length > 0) yield* this.#before()?.exceptInSlices(subjects) ?? [];
  }

  /**
   * One of which a condition has no value does not hold, as in Kyverno (pkg/engine/utils/exceptions.go). A registry that does not say
   * what a context asks of it is no such condition: whether the rule asks is not known then.
   */
  #holds({ conditions }: RuleException): boolean | Refusal {
    if (conditions === undefined) return true;
    try {
      return conditions.test(this.#scope, this.#run()).met;
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown;
      if (thrown instanceof ImageNeeded) throw thrown;
      // Whatever else goes wrong, nobody is excepted for it.
      return false;
    }
  }

  /** What one evaluation may cost. */
  #run(): Run {
    return createRun(this.#preparation.now);
  }

  #asks({ preconditions }: Rule): 'asks' | 'unmet' | Refusal {
    if (preconditions === undefined) return 'asks';
    try {
      return preconditions.test(this.#scope, this.#run()).met ? 'asks' : 'unmet';
    } catch (thrown) {
      return problemOf('preconditions', thrown);
    }
  }

  /** The same list for all slots of one image, whose entries are one list. */
  #substituted(entries: readonly Entry[]): readonly Entry[] | Refusal {
    let substituted = this.#entries.get(entries);
    if (substituted === undefined) {
      substituted = this.#substitute(entries);
      this.#entries.set(entries, substituted);
    }
    return substituted;
  }

  #substitute(entries: readonly Entry[]): readonly Entry[] | Refusal {
    const substituted: Entry[] = [];
    const chosen = new Set<string>();
    for (const entry of entries) {
      if (entry.written === undefined) {
        substituted.push(entry);
        continue;
      }
      let made = this.#made.get(entry);
      if (made === undefined) {
        made = this.#make(entry, entry.written);
        this.#made.set(entry, made);
      }
      if (made instanceof Refusal) return made;
      for (const registry of made.chosen) chosen.add(registry);
      substituted.push(made.entry);
    }
    if (chosen.size > 0) this.#chosen.set(entries, chosen);
    return substituted;
  }

  #make(entry: Entry, written: Written): Made | Refusal {
    const { registries } = written;
    try {
      const made = written.entry(this.#scope, this.#run());
      if (isProblems(made)) return unfit(entry, made);
      const others = registries === undefined ? [] : registriesOf(made).filter((one) => !registries.has(one));
      const stranger = others.find((registry) => !this.#preparation.isNamed(registry));
      if (stranger !== undefined) return new Refusal('host-refused', strangerIn(entry, stranger));
      return { entry: made, chosen: others };
    } catch (thrown) {
      return problemOf(entry.path, thrown);
    }
  }
}

function isExcepted(answer: 'asks' | 'unmet' | Refusal | Excepted): answer is Excepted {
  return typeof answer === 'object' && 'exceptions' in answer;
}

/** Whether a rule could not be asked before for what it cannot be asked for now. */
function isSame(old: unknown, now: unknown): boolean {
  return old instanceof Refusal && now instanceof Refusal && old.reason === now.reason && old.message === now.message;
}

function isProblems(made: Entry | readonly LoadProblem[]): made is readonly LoadProblem[] {
  return Array.isArray(made);
}

/** The registries that signatures are read from. */
function registriesOf({ repository, attestors, attestations }: Entry): readonly string[] {
  const ofSet = ({ entries }: AttestorSet): readonly string[] =>
    entries.flatMap((each) => [
      ...(each.repository === undefined ? [] : [each.repository.registry]),
      ...(each.kind === 'set' ? ofSet(each.set) : []),
    ]);
  const sets = [...attestors, ...attestations.flatMap((each) => each.attestors)];
  return [...(repository === undefined ? [] : [repository.registry]), ...sets.flatMap(ofSet)];
}

function strangerIn({ path }: Entry, registry: string): string {
  return `${path}: with the object's values signatures would be read from ${registry}, which is not among the registries that may be called`;
}

/** What an object's values make of an entry need not be one. */
function unfit({ path }: Entry, [problem]: readonly LoadProblem[]): Refusal {
  const { field = path, message = 'is none' } = problem ?? {};
  return new Refusal('variable-unresolved', `with the object's values ${field} ${message}`);
}

function problemOf(where: string, thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof ImageNeeded) throw thrown;
  // Whatever else goes wrong, a defect of ours too, is brought about by what the object says.
  return new Refusal('variable-unresolved', `${where}: ${messageOf(thrown)}`, { cause: thrown });
}
