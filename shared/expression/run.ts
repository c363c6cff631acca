/** One use of expressions: as of when, and what it may cost. Whoever writes what they are about must not choose how long they take. */
export interface Run {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** Counts work: a step for each value that is looked at or made, and one for each 64 characters of text. Throws ExpressionTooCostly. */
  spend(steps: number): void;
}

/** For what the policy itself writes, while policies are read. */
export const uncounted: Run = { now: 0, spend() {} };
