import { hasVariables } from '../expression/template-text.ts';
import { canonicalHost, dockerHub, isHost } from '../image/host.ts';
import { hostOfPattern } from '../image/open-hosts.ts';
import { literalHost } from '../image/pattern.ts';
import { registryNames } from '../image/registry-names.ts';
import { withPort } from '../image/spellings.ts';
import { compileWildcard } from '../image/wildcard.ts';
import { quoted } from '../printable.ts';
import type { ContextEntry } from './context.ts';
import type { Rule } from './policy.ts';
import type { LoadWarning } from './problems.ts';

/** The registry hosts that rules name literally, and those of the setting `registries`, as they are written. */
export function writtenHosts(rules: readonly Rule[], registries: readonly string[]): ReadonlySet<string> {
  const patterns = patternsOf(rules);
  const hosts = rules.flatMap(({ context }) => context.flatMap((entry) => contextHost(entry) ?? []));
  return new Set([...registries, ...patterns.flatMap((pattern) => literalHost(pattern) ?? []), ...hosts]);
}

function patternsOf(rules: readonly Rule[]): readonly string[] {
  return rules.flatMap(({ entries }) => entries.flatMap(({ imageReferences }) => imageReferences));
}

/** The host of an image that a context names; `undefined`: there is none, or variables say which it is. */
function contextHost(entry: ContextEntry): string | undefined {
  if (entry.kind !== 'image-registry') return undefined;
  return writtenRegistry(entry.written);
}

/** The registry of a name in which variables may stand; `undefined`: they say which it is. */
export function writtenRegistry(text: string): string | undefined {
  const [literal = ''] = text.split(/\{\{|\$\(/, 1);
  const slash = literal.indexOf('/');
  if (slash === -1) return hasVariables(text) ? undefined : dockerHub;
  const first = literal.slice(0, slash);
  return isHost(first) ? canonicalHost(first) : dockerHub;
}

/** The same under each name of their registries. Any other host is the choice of an image's author. */
export function namedHosts(written: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...written].flatMap(registryNames));
}

/**
 * Whether a host is one that some pattern of the rules writes. A `*` crosses `/`, so a pattern that is meant for hosts
 * (`*.example.com/acme/*`) covers an image whose path alone looks like that: it is covered, and its host is nobody's but its author's.
 * A pattern whose host is open (`*`, `*team`) means any.
 */
export function hostFits(rules: readonly Rule[]): (registry: string) => boolean {
  const patterns = new Set(patternsOf(rules));
  const hosts = new Set<string>();
  for (const pattern of patterns) {
    const host = hostOfPattern(pattern);
    if (host === undefined) return () => true;
    hosts.add(host);
  }
  const fits = [...hosts].map(compileWildcard);
  return (registry) => {
    const names = registryNames(registry).flatMap(withPort);
    return fits.some((fit) => names.some(fit));
  };
}

/** A pattern of a written rule that names no host: any registry fits it. The rules that auto-gen makes have the same ones. */
export interface OpenPattern {
  readonly rule: Rule;
  /** `verifyImages[0]`. */
  readonly path: string;
  readonly pattern: string;
}

export function openPatterns(rules: readonly Rule[]): OpenPattern[] {
  return rules
    .filter(({ autogenOf }) => autogenOf === undefined)
    .flatMap((rule) =>
      rule.entries.flatMap(({ path, imageReferences }) =>
        imageReferences
          .filter((pattern) => literalHost(pattern) === undefined)
          .map((pattern) => ({ rule, path, pattern })),
      ),
    );
}

/** One line for each rule with such a pattern: what fails at a host that only the pattern covers is its author's doing, and denies. */
export function openHostWarnings(rules: readonly Rule[]): LoadWarning[] {
  const byPlace = new Map<string, LoadWarning>();
  for (const { rule, pattern } of openPatterns(rules)) {
    const { file, line, name, policy } = rule;
    const message = `rule '${name}' of '${policy}': where only ${quoted(pattern, 100)} covers a registry, its failures deny; name yours in --registries`;
    const place = `${file}:${line}`;
    if (!byPlace.has(place)) byPlace.set(place, { file, line, message });
  }
  return [...byPlace.values()];
}
