import { leavesAll } from '../admission/changes.ts';
import type { AdmissionRequest } from '../admission/review.ts';
import { createRun } from '../expression/run.ts';
import { nothing, type Scope } from '../expression/scope.ts';
import { messageOf, Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import { refusalFor } from './chosen-image.ts';
import { asksRequest, contextScope, type ImageData, ImageNeeded } from './context.ts';
import type { AttestorSet, Entry, Rule } from './policy.ts';
import type { LoadProblem } from './problems.ts';
import type { Question } from './select.ts';
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
}

/** Whether any of the questions is of a rule that depends on more of the object than its images. */
export function isToBePrepared(questions: readonly Question[]): boolean {
  for (const question of questions) if (isVarying(question)) return true;
  return false;
}

/**
 * The questions as they are for this object, in Kyverno's order: a rule's context is there for whoever asks for it, its preconditions are
 * evaluated, and variables are substituted in its entries. A slice for each rule. What goes wrong is the rule's own problem.
 * Throws ImageNeeded where a context names an image that has not been looked up.
 */
export function* prepareInSlices(
  questions: readonly Question[],
  preparation: Preparation,
): Slices<readonly Question[]> {
  const rules = new Map<Rule, PreparedRule>();
  const prepared: Question[] = [];
  for (const question of questions) {
    if (!isVarying(question)) {
      prepared.push(question);
      continue;
    }
    let rule = rules.get(question.rule);
    if (rule === undefined) {
      rule = new PreparedRule(question.rule, preparation);
      rules.set(question.rule, rule);
      yield;
    }
    prepared.push(rule.question(question));
  }
  return prepared;
}

/** Whether a question depends on more of the object than its images. */
export function isVarying({ rule, ask, problem, entries }: Question): boolean {
  if (!rule.varies || problem !== undefined) return false;
  return ask === 'verify' || (ask === 'unchanged' && entries.length > 0);
}

/** A rule as it is for one object. */
class PreparedRule {
  readonly #rule: Rule;
  readonly #preparation: Preparation;
  readonly #scope: Scope;
  readonly #now: number;
  readonly #isNamed: Preparation['isNamed'];
  #asked: 'asks' | 'unmet' | Refusal | undefined;
  /** By what covers an image. */
  readonly #entries = new Map<readonly Entry[], readonly Entry[] | Refusal>();
  /** The registries in them that the object says. */
  readonly #chosen = new Map<readonly Entry[], ReadonlySet<string>>();

  constructor(rule: Rule, preparation: Preparation) {
    const { request, now, imageData, isNamed } = preparation;
    this.#rule = rule;
    this.#preparation = preparation;
    this.#now = now;
    this.#isNamed = isNamed;
    const base = request === undefined ? nothing : variablesOf(request);
    const sources = { configMaps: rule.configMaps, imageData, policyNamespace: rule.namespace };
    this.#scope = contextScope(rule.context, base, sources, createRun(now));
  }

  question(question: Question): Question {
    const scope = this.#scope;
    const { request } = this.#preparation;
    if (question.ask === 'unchanged' && request !== undefined && leavesAll(request))
      return { ...question, entries: [] };
    if (this.#answer === 'unmet') return { ...question, entries: [], ask: 'unmet' };
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
  #isAboutRequest({ attestations, deny }: Entry): boolean {
    const asked = [...attestations.flatMap(({ conditions }) => conditions ?? []), ...(deny ? [deny.conditions] : [])];
    return asked.some(({ names }) => asksRequest(names, this.#rule.context));
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

  get #answer(): 'asks' | 'unmet' | Refusal {
    this.#asked ??= this.#asks(this.#rule);
    return this.#asked;
  }

  #asks({ preconditions }: Rule): 'asks' | 'unmet' | Refusal {
    if (preconditions === undefined) return 'asks';
    try {
      return preconditions.test(this.#scope, createRun(this.#now)).met ? 'asks' : 'unmet';
    } catch (thrown) {
      return problemOf('preconditions', thrown);
    }
  }

  /** The same list for all images that the same entries cover. */
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
      try {
        const made = entry.written.entry(this.#scope, createRun(this.#now));
        if (isProblems(made)) return unfit(entry, made);
        const { registries } = entry.written;
        const others = registries === undefined ? [] : registriesOf(made).filter((one) => !registries.has(one));
        const stranger = others.find((registry) => !this.#isNamed(registry));
        if (stranger !== undefined) return new Refusal('host-refused', strangerIn(entry, stranger));
        for (const registry of others) chosen.add(registry);
        substituted.push(made);
      } catch (thrown) {
        return problemOf(entry.path, thrown);
      }
    }
    if (chosen.size > 0) this.#chosen.set(entries, chosen);
    return substituted;
  }
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
