import { isDeepStrictEqual } from 'node:util';
import { ExpressionError } from '../../../shared/expression/error.ts';
import { isList, isObject, type Json } from '../../../shared/expression/value.ts';
import type { Answer, Oracle, Question } from './oracle.ts';

/** What a question comes to; `undefined`: an error, of whatever words. */
export type Outcome = { readonly value: Json } | undefined;

/** One kind of question that both answer. */
export interface Comparison {
  readonly name: string;
  /** Questions by the seed: what is asked of Kyverno and how it is answered here. */
  cases(seed: number, count: number): readonly Case[];
}

export interface Case {
  /** For people who read of a difference. */
  readonly text: string;
  /** More than one where Kyverno's answer hangs on more than the question: one of its answers has to be ours. */
  readonly questions: readonly Question[];
  /** Throws ExpressionError. */
  ours(): Json;
  /** Whether ours may be another one than Kyverno's, which did not panic. */
  mayDiffer?(ours: Outcome, theirs: readonly Outcome[]): boolean;
}

export interface Compared {
  /** Questions that Kyverno gave a value for: a comparison of errors alone says little. */
  readonly valued: number;
  /** One for each question that was answered otherwise here, the shortest first. */
  readonly differences: readonly string[];
}

export async function compare(oracle: Oracle, cases: readonly Case[]): Promise<Compared> {
  const answers = await oracle.askAll(cases.flatMap(({ questions }) => questions));
  const differences: string[] = [];
  let valued = 0;
  let next = 0;
  for (const each of cases) {
    const given = answers.slice(next, next + each.questions.length);
    next += each.questions.length;
    // Kyverno's own code failed: nothing is said of what it should be.
    if (given.some((answer) => 'panic' in answer)) continue;
    const theirs = given.map(outcomeOf);
    if (theirs.some((outcome) => outcome !== undefined)) valued += 1;
    const ours = ownOutcome(() => each.ours());
    if (theirs.some((outcome) => isDeepStrictEqual(plain(outcome), plain(ours.outcome)))) continue;
    if (each.mayDiffer?.(ours.outcome, theirs) === true) continue;
    differences.push(`${each.text}\n  ours: ${ours.said}\n  Kyverno's: ${JSON.stringify(given)}`);
  }
  return { valued, differences: differences.sort((one, other) => one.length - other.length) };
}

function outcomeOf(answer: Answer): Outcome {
  if ('holds' in answer) return { value: answer.holds };
  return 'value' in answer ? answer : undefined;
}

function ownOutcome(ours: () => Json): { outcome: Outcome; said: string } {
  try {
    const value = ours();
    return { outcome: { value }, said: JSON.stringify(value) };
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    return { outcome: undefined, said: `${thrown}` };
  }
}

/** Without prototypes and the sign of 0, which are no part of JSON's values. */
function plain(outcome: Outcome): unknown {
  return outcome === undefined ? undefined : [plainValue(outcome.value)];
}

function plainValue(value: Json): unknown {
  if (isList(value)) return value.map(plainValue);
  if (isObject(value))
    return new Map(
      Object.keys(value)
        .sort()
        .map((name) => [name, plainValue(value[name] ?? null)]),
    );
  return value === 0 ? 0 : value;
}
