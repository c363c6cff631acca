import { ExpressionError } from './error.ts';
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

/** Names whose values are come by when they are first asked for, and once: what went wrong goes wrong again. */
export function lazily(values: ReadonlyMap<string, () => Json | undefined>): Scope {
  const known = new Map<string, { readonly value: Json | undefined } | { readonly thrown: ExpressionError }>();
  return {
    get(name) {
      const asked = known.get(name) ?? askedFor(values.get(name));
      known.set(name, asked);
      if ('thrown' in asked) throw asked.thrown;
      return asked.value;
    },
    names: () => values.keys(),
  };
}

function askedFor(value: (() => Json | undefined) | undefined) {
  try {
    return { value: value?.() };
  } catch (thrown) {
    if (thrown instanceof ExpressionError) return { thrown };
    throw thrown;
  }
}

/** Several scopes as one: of a name that more than one has, the first one's value counts, the whole of it. */
export function layered(...scopes: readonly Scope[]): Scope {
  return {
    get(name) {
      for (const scope of scopes) {
        const value = scope.get(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    names: () => new Set(scopes.flatMap((scope) => [...scope.names()])),
  };
}
