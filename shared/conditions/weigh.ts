import type { Conditions } from '../expression/conditions.ts';
import { ExpressionError } from '../expression/error.ts';
import type { Run } from '../expression/run.ts';
import { layered, type Scope } from '../expression/scope.ts';
import { tellUnmet } from '../expression/unmet.ts';
import { isObject, type Json } from '../expression/value.ts';
import { areAbout } from '../policy/attestation-names.ts';
import type { Deny, WantedAttestation } from '../policy/policy.ts';
import { withPredicate } from '../policy/variables.ts';
import { quoted, shortened } from '../printable.ts';
import { type NoReason, Refusal } from '../reasons.ts';
import type { AnchorSet } from '../trust/check.ts';
import { areSatisfied } from './sets.ts';
import type { Stated } from './stated.ts';

/** Why what was attested does not do. */
export interface ConditionObjection {
  readonly reason: Extract<NoReason, 'condition-failed' | 'condition-error' | 'deny-condition'>;
  /** About which statement; of which attestation, `path` says. */
  readonly message: string;
  /** The attestation that it is about; a denial is about all of them. */
  readonly path?: string;
}

/** An attestation whose statements verify let through. */
export interface Attested {
  readonly wanted: WantedAttestation;
  readonly sets: readonly AnchorSet[];
  /** Empty where neither conditions nor a denial ask for what they say. */
  readonly stated: readonly Stated[];
}

/** What attestations are called, with what one of their statements says. */
type Names = ReadonlyMap<string, Json>;

/** UTF-16 units of a denial's message, in which what is attested stands: others have to be told behind it. */
const longestMessage = 500;

/** Statements of all named attestations that are tried with each other: more of them than anyone means. */
const mostChoices = 100;

/**
 * Why an attestation does not meet its conditions; `undefined`: it does. Over verified predicates alone. Pure: `run` has the time.
 * Where they are about an attestation before it, they have to be met with each of that one's statements: in which order these come is up to
 * whoever attached them.
 * @param scope what conditions may be about beside the predicate
 * @param before the attestations before it
 */
export function weighConditions(
  attested: Attested,
  before: readonly Attested[],
  scope: Scope,
  run: Run,
): ConditionObjection | undefined {
  const { conditions, path } = attested.wanted;
  if (conditions === undefined) return undefined;
  const choices = choicesOf(before, conditions.names);
  if (choices === undefined) return { path, reason: 'condition-error', message: tooManyChoices };
  if (choices.length === 0) return { path, reason: 'condition-error', message: statesNothing };
  for (const names of choices) {
    const objection = weighWith(names, attested, conditions, scope, run);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function weighWith(
  names: Names,
  { wanted, sets, stated }: Attested,
  conditions: Conditions,
  scope: Scope,
  run: Run,
): ConditionObjection | undefined {
  const objections = stated.map(({ predicate }, index): ConditionObjection | undefined => {
    const about = whichOf(index, stated.length);
    try {
      if (!isObject(predicate)) return { reason: 'condition-error', message: `${about} is no JSON object` };
      // As in Kyverno a predicate's own fields come before what attestations are called.
      const within = layered(withPredicate(scope, predicate, run), withNames(named(names, wanted, predicate)));
      const result = conditions.test(within, run);
      return result.met ? undefined : { reason: 'condition-failed', message: `${about}: ${tellUnmet(result.unmet)}` };
    } catch (thrown) {
      return failed(about, thrown);
    }
  });
  const isMet = objections.map((objection) => objection === undefined);
  if (areSatisfied(sets, stated, isMet)) return undefined;
  const unsatisfied = 'what is attested does not satisfy the attestors';
  const first = objections.find((objection) => objection !== undefined);
  return { path: wanted.path, ...(first ?? { reason: 'condition-error', message: unsatisfied }) };
}

/**
 * Why an entry's denial is met by what was attested; `undefined`: it is not. Where an attestation has several statements, each of them
 * may bring it about.
 */
export function weighDenial(
  deny: Deny,
  attestations: readonly Attested[],
  scope: Scope,
  run: Run,
): ConditionObjection | undefined {
  const about = 'validate.deny';
  const choices = choicesOf(attestations, undefined);
  if (choices === undefined) return { reason: 'condition-error', message: `${about}: ${tooManyChoices}` };
  // Nothing that could be denied is nothing that was found good.
  if (choices.length === 0) return { reason: 'condition-error', message: `${about}: ${statesNothing}` };
  for (const names of choices) {
    try {
      const within = layered(withNames(names), scope);
      if (!deny.conditions.test(within, run).met) continue;
      return { reason: 'deny-condition', message: messageOf(deny, within, run) };
    } catch (thrown) {
      return failed(about, thrown);
    }
  }
  return undefined;
}

const statesNothing = 'a named attestation states nothing';
const tooManyChoices = `the named attestations have over ${mostChoices} statements to be tried with each other`;

/**
 * What the names of attestations stand for, one statement of each at a time; `undefined`: in too many ways.
 * @param asked the names that anybody asks about; `undefined`: any
 */
function choicesOf(
  attestations: readonly Attested[],
  asked: ReadonlySet<string> | undefined,
): readonly Names[] | undefined {
  let choices: Names[] = [new Map()];
  for (const {
    wanted: { name },
    stated,
  } of attestations) {
    if (name === undefined || !areAbout(asked, name)) continue;
    if (choices.length * stated.length > mostChoices) return undefined;
    choices = choices.flatMap((before) => stated.map(({ predicate }) => new Map([...before, [name, predicate]])));
  }
  return choices;
}

/** The denial's own message. One whose variables have no value must not hide what it is about. */
function messageOf({ message }: Deny, scope: Scope, run: Run): string {
  try {
    const text = message.render(scope, run);
    return typeof text === 'string' && text.trim() !== ''
      ? shortened(text.trim(), longestMessage)
      : 'the conditions of validate.deny are met';
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError) && !(thrown instanceof Refusal)) throw thrown;
    return `the conditions of validate.deny are met (its message has no value: ${thrown.message})`;
  }
}

function withNames(names: Names): Scope {
  return { get: (name) => names.get(name), names: () => names.keys() };
}

/** The names with that of an attestation, if it has one. */
function named(names: Names, { name }: WantedAttestation, predicate: Json): Names {
  return name === undefined ? names : new Map([...names, [name, predicate]]);
}

/** `attestations[0] 'scan'`. */
export function titleOf({ path, name }: WantedAttestation): string {
  return name === undefined ? path : `${path} ${quoted(name, 63)}`;
}

function whichOf(index: number, count: number): string {
  return count === 1 ? 'the statement' : `statement ${index + 1} of ${count}`;
}

function failed(about: string, thrown: unknown): ConditionObjection {
  if (!(thrown instanceof ExpressionError)) throw thrown;
  return { reason: 'condition-error', message: `${about}: ${thrown.message}` };
}
