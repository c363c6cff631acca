import { literalHost } from '../image/pattern.ts';
import type { Rule } from './policy.ts';

/** The registry hosts that rules name literally, and those of the setting `registries`. At any other host an image's author chose it. */
export function namedHosts(rules: readonly Rule[], registries: readonly string[]): ReadonlySet<string> {
  const patterns = rules.flatMap(({ entries }) => entries.flatMap(({ imageReferences }) => imageReferences));
  return new Set([...registries, ...patterns.flatMap((pattern) => literalHost(pattern) ?? [])]);
}
