import type { Entry } from '../policy/policy.ts';

type EntryType = NonNullable<Entry['type']>;

/**
 * The kinds of evidence that count as a signature under an entry's type. Cosign, and no type at all, stand for both ways in
 * which cosign stores a signature.
 */
const accepted = {
  Cosign: ['cosign-signature', 'sigstore-bundle'],
  SigstoreBundle: ['sigstore-bundle'],
} as const satisfies Readonly<Record<EntryType, readonly string[]>>;

/** A kind of evidence that some entry counts as a signature. Whatever is read as another kind never is one. */
export type SignatureKind = (typeof accepted)[EntryType][number];

export function acceptedBy({ type = 'Cosign' }: Pick<Entry, 'type'>): ReadonlySet<SignatureKind> {
  return new Set(accepted[type]);
}
