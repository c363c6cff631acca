import type { Json } from './value.ts';

/** The names that an expression may begin with, each come by when it is asked for. */
export interface Scope {
  /** `undefined`: there is no such name. Throws ExpressionError where there is, and its value could not be come by. */
  get(name: string): Json | undefined;
  /** All of them, for what asks about the root as a whole (`@`). */
  names(): Iterable<string>;
}

/** Has no names. */
export const nothing: Scope = { get: () => undefined, names: () => [] };
