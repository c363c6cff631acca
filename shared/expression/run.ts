import { ExpressionTooCostly } from './error.ts';

/** One use of expressions: as of when, and what it may cost. Whoever writes what they are about must not choose how long they take. */
export interface Run {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** Counts work: a step for each value that is looked at or made, and one for each 64 characters of text. Throws ExpressionTooCostly. */
  spend(steps: number): void;
}

/** For what the policy itself writes, while policies are read. */
export const uncounted: Run = { now: 0, spend() {} };

/**
 * Steps of a run. A question about an SBOM of 1 MB takes some ten for each package that it looks at, all its values as text 400,000;
 * the whole takes 10 to 50 ms, whatever it is spent on.
 */
export const stepsOfRun = 500_000;

/** `now`: wall clock, milliseconds since 1970. */
export function createRun(now: number, steps = stepsOfRun): Run {
  let left = steps;
  return {
    now,
    spend(taken) {
      left -= taken;
      if (left < 0) throw new ExpressionTooCostly(`it takes over ${steps} steps`);
    },
  };
}

/** Steps that looking at text once takes; `length` in UTF-16 units. */
export function stepsOfText(length: number): number {
  return Math.ceil(length / 64);
}

/** Steps that searching text for a part of it takes, in UTF-16 units; where both are chosen for it, each place is compared with all of the part. */
export function stepsOfSearch(text: number, part: number): number {
  return stepsOfText(text) * (8 + Math.ceil(part / 4));
}

/** Steps that reading a pattern of wildcards takes: with stars alone it is cut into the texts between them, of which a character may be one. */
export function stepsOfWildcards(pattern: string): number {
  return 8 + Math.ceil(pattern.length / (pattern.includes('?') ? 16 : 4));
}
