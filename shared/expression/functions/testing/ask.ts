import { ExpressionError } from '../../error.ts';
import { createRun, type Run } from '../../run.ts';
import { evaluate } from '../../testing/evaluate.ts';
import type { Json } from '../../value.ts';

/** What a function answers, its arguments taken from a document. */
export function ask(name: string, given: readonly unknown[], run: Run = createRun(0)): Json {
  const names = given.map((_, at) => `given[${at}]`).join(', ');
  return evaluate(`${name}(${names})`, { given }, run);
}

/** The message of the ExpressionError that it answers with. */
export function refusal(name: string, given: readonly unknown[], run?: Run): string {
  try {
    return `no error: ${JSON.stringify(ask(name, given, run))}`;
  } catch (thrown) {
    if (thrown instanceof ExpressionError) return thrown.message;
    throw thrown;
  }
}

/** Steps that a call takes. */
export function stepsOf(name: string, given: readonly unknown[]): number {
  let steps = 0;
  ask(name, given, {
    now: 0,
    spend(taken) {
      steps += taken;
    },
  });
  return steps;
}
