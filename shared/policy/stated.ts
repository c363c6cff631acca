import { layered, lazily, type Scope } from '../expression/scope.ts';
import { emptyObject, isObject, type Json } from '../expression/value.ts';
import type { ContextEntry } from './context.ts';
import type { Rule } from './policy.ts';

/**
 * Names that somebody states in place of what a cluster would say, for a rule's expressions: on the command line alone, where there is
 * no cluster. `undefined`: none for this rule.
 */
export type Stated = (rule: Rule) => ReadonlyMap<string, Json> | undefined;

/** The names of `base` with what is stated: objects are merged, as Kyverno's command line merges them, and what is stated counts. */
export function withStated(base: Scope, stated: ReadonlyMap<string, Json>): Scope {
  const values = [...stated].map(([name, value]) => {
    const under = () => base.get(name);
    return [name, () => mergedOver(under(), value)] as const;
  });
  return layered(lazily(new Map(values)), base);
}

/**
 * The entries of a context that are loaded where names are stated. As in Kyverno's command line, a variable is what its rule says, and
 * what a cluster or a registry would say is what was stated.
 */
export function loadedBeside(
  context: readonly ContextEntry[],
  stated: ReadonlyMap<string, Json>,
): readonly ContextEntry[] {
  return context.filter(({ kind, name }) => kind === 'variable' || !stated.has(name));
}

/** `over` where two say something; the fields of both where both are objects. */
export function mergedOver(under: Json | undefined, over: Json): Json {
  if (under === undefined || !isObject(under) || !isObject(over)) return over;
  const all = emptyObject();
  for (const name of Object.keys(under)) all[name] = under[name] ?? null;
  for (const name of Object.keys(over)) {
    const below = Object.hasOwn(all, name) ? all[name] : undefined;
    all[name] = mergedOver(below, over[name] ?? null);
  }
  return all;
}
