import type { AdmissionRequest } from '../admission/review.ts';
import { type Subject, subjectOf } from '../admission/subject.ts';
import { ExpressionError } from '../expression/error.ts';
import { createRun } from '../expression/run.ts';
import { nothing, type Scope } from '../expression/scope.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import { contextScope, type ImageData } from './context.ts';
import { exceptionMatches } from './exceptions.ts';
import type { AttestorSet, Entry, Rule, RuleException } from './policy.ts';
import type { LoadProblem } from './problems.ts';
import type { Question } from './select.ts';
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
}

/** Whether any of the questions is of a rule that depends on more of the object than its images. */
export function isToBePrepared(questions: readonly Question[]): boolean {
  for (const question of questions) if (isVarying(question)) return true;
  return false;
}

/**
 * The questions as they are for this object, in Kyverno's order: a rule's context is there for whoever asks for it, its preconditions are
 * evaluated, then its exceptions, and variables are substituted in its entries. A slice for each rule. What goes wrong is the rule's own problem.
 * Throws ImageNeeded where a context names an image that has not been looked up.
 */
export function* prepareInSlices(
  questions: readonly Question[],
  preparation: Preparation,
): Slices<readonly Question[]> {
  const { request } = preparation;
  /** Of exceptions; where nobody has given an object, none holds. */
  let subject: Subject | undefined;
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
      const { exceptions } = question.rule;
      if (exceptions.length > 0 && request?.object !== undefined) {
        subject ??= subjectOf(request, request.object);
        yield* rule.exceptInSlices(exceptions, subject);
      }
      rules.set(question.rule, rule);
      yield;
    }
    prepared.push(rule.question(question));
  }
  return prepared;
}

/** Whether a question depends on more of the object than its images. */
export function isVarying({ rule, ask, problem }: Question): boolean {
  return rule.varies && ask === 'verify' && problem === undefined;
}

/** Exceptions of one rule and object that are looked for and named: one is enough for the rule to ask nothing. */
const mostNamed = 8;

/** A rule as it is for one object. */
class PreparedRule {
  readonly #scope: Scope;
  readonly #now: number;
  readonly #isNamed: Preparation['isNamed'];
  #answer: 'asks' | 'unmet' | Refusal | { readonly exceptions: readonly string[] };
  /** By what covers an image. */
  readonly #entries = new Map<readonly Entry[], readonly Entry[] | Refusal>();

  constructor(rule: Rule, { request, now, imageData, isNamed }: Preparation) {
    this.#now = now;
    this.#isNamed = isNamed;
    const base = request === undefined ? nothing : variablesOf(request);
    const sources = { configMaps: rule.configMaps, imageData, policyNamespace: rule.namespace };
    this.#scope = contextScope(rule.context, base, sources, createRun(now));
    this.#answer = this.#asks(rule);
  }

  question(question: Question): Question {
    const scope = this.#scope;
    if (this.#answer === 'unmet') return { ...question, entries: [], ask: 'unmet' };
    if (this.#answer instanceof Refusal) return { ...question, problem: this.#answer };
    if (this.#answer !== 'asks') return { ...question, entries: [], ask: 'excepted', ...this.#answer };
    const entries = this.#substituted(question.entries);
    return entries instanceof Refusal ? { ...question, problem: entries } : { ...question, entries, scope };
  }

  /** Looks for exceptions from the rule that hold for the object. */
  *exceptInSlices(exceptions: readonly RuleException[], subject: Subject): Slices<void> {
    if (this.#answer !== 'asks') return;
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
      if (holds instanceof Refusal) this.#answer = holds;
      else if (holds) found.push(exception.name);
      if (found.length === mostNamed) break;
    }
    // One that holds is enough, whatever could not be found out of another.
    if (found.length > 0) this.#answer = { exceptions: found };
  }

  /**
   * One of which a condition has no value does not hold, as in Kyverno (pkg/engine/utils/exceptions.go). A registry that does not say
   * what a context asks of it is no such condition: whether the rule asks is not known then.
   */
  #holds({ conditions }: RuleException): boolean | Refusal {
    if (conditions === undefined) return true;
    try {
      return conditions.test(this.#scope, createRun(this.#now)).met;
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown;
      if (thrown instanceof ExpressionError) return false;
      throw thrown;
    }
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
    for (const entry of entries) {
      if (entry.written === undefined) {
        substituted.push(entry);
        continue;
      }
      try {
        const made = entry.written.entry(this.#scope, createRun(this.#now));
        if (isProblems(made)) return unfit(entry, made);
        const { registries } = entry.written;
        const stranger = registriesOf(made).find((registry) => !registries.has(registry) && !this.#isNamed(registry));
        if (stranger !== undefined) return new Refusal('host-refused', strangerIn(entry, stranger));
        substituted.push(made);
      } catch (thrown) {
        return problemOf(entry.path, thrown);
      }
    }
    return substituted;
  }
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
  if (thrown instanceof ExpressionError) return new Refusal('variable-unresolved', `${where}: ${thrown.message}`);
  throw thrown;
}
