import type { Entry, WantedAttestation } from './policy.ts';

type Names = ReadonlySet<string> | undefined;

/** Whether conditions that are about these names of the root may be about an attestation of this name. */
export function areAbout(names: Names, name: string | undefined): boolean {
  return name !== undefined && (names === undefined || names.has(name));
}

/**
 * Whether anybody asks what the statements of an attestation say: its own conditions, the entry's denial, or the conditions of an
 * attestation that comes after it and knows it by its name.
 */
export function isStatedAsked(
  { attestations, deny }: Pick<Entry, 'attestations' | 'deny'>,
  { path, name, conditions }: WantedAttestation,
): boolean {
  if (conditions !== undefined || deny !== undefined) return true;
  const later = attestations.slice(attestations.findIndex((one) => one.path === path) + 1);
  return later.some((one) => one.conditions !== undefined && areAbout(one.conditions.names, name));
}
