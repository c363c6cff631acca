import type { Rule } from '../shared/policy/policy.ts';
import { type ExtractedKind, extractedKindsOf } from '../shared/policy/resources.ts';
import { UsageError } from './usage.ts';

/** By kind: the name under which an API server has its objects, in lower case and in the plural. A webhook's rules name that alone. */
export type Plurals = ReadonlyMap<string, string>;

const kindName = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const resourceName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Of the words `KIND=PLURAL`. Throws UsageError. */
export function readPlurals(words: readonly string[], rules: readonly Rule[]): Plurals {
  const asked = new Set(rules.flatMap(extractedKindsOf).map(({ kind }) => kind));
  const plurals = new Map<string, string>();
  for (const word of words) {
    const [kind = '', plural = '', ...more] = word.split('=');
    if (!kindName.test(kind) || !resourceName.test(plural) || more.length > 0) {
      throw new UsageError(`--resource takes KIND=PLURAL, as Task=tasks, not '${word.slice(0, 120)}'`);
    }
    if (!asked.has(kind)) {
      throw new UsageError(
        `--resource ${word.slice(0, 120)}: no rule has imageExtractors for a ${kind} that it matches`,
      );
    }
    if (plurals.has(kind)) throw new UsageError(`--resource names ${kind} twice`);
    plurals.set(kind, plural);
  }
  return plurals;
}

/** The name of an extractor's kind: the one that was said, else as kubectl guesses it. */
export function pluralOf({ kind }: Pick<ExtractedKind, 'kind'>, plurals: Plurals): string {
  return plurals.get(kind) ?? guessed(kind.toLowerCase());
}

/** As apimachinery does (meta.UnsafeGuessKindToResource), for whoever has no API server to ask. */
function guessed(name: string): string {
  if (name.endsWith('endpoints')) return name;
  if (name.endsWith('s')) return `${name}es`;
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
}
