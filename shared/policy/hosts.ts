import { literalHost } from '../image/pattern.ts';
import { registryNames } from '../image/registry-names.ts';
import type { Rule } from './policy.ts';

/**
 * The registry hosts that rules name literally, and those of the setting `registries`, under each name of their registries. Any other
 * host is the choice of an image's author.
 */
export function namedHosts(rules: readonly Rule[], registries: readonly string[]): ReadonlySet<string> {
  const patterns = rules.flatMap(({ entries }) => entries.flatMap(({ imageReferences }) => imageReferences));
  const named = [...registries, ...patterns.flatMap((pattern) => literalHost(pattern) ?? [])];
  return new Set(named.flatMap(registryNames));
}
