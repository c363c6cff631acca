import type { Entry } from '../policy/policy.ts';

type EntryType = NonNullable<Entry['type']>;

/**
 * The kinds of evidence that count under an entry's type, as a signature and as an attestation. Cosign, and no type at all, stand for
 * both ways in which cosign stores either.
 */
const accepted = {
  Cosign: {
    signature: ['cosign-signature', 'sigstore-bundle'],
    attestation: ['dsse-envelope', 'sigstore-bundle'],
  },
  SigstoreBundle: { signature: ['sigstore-bundle'], attestation: ['sigstore-bundle'] },
  Notary: { signature: ['notary-signature'], attestation: ['notary-signature'] },
} as const satisfies Readonly<Record<EntryType, Readonly<Record<'signature' | 'attestation', readonly string[]>>>>;

type Accepted = (typeof accepted)[EntryType];

/** A kind of evidence that some entry counts as a signature. Whatever is read as another kind never is one. */
export type SignatureKind = Accepted['signature'][number];
/** A kind of evidence in which some entry looks for attestations. */
export type AttestationKind = Accepted['attestation'][number];

export function signaturesAccepted({ type = 'Cosign' }: Pick<Entry, 'type'>): ReadonlySet<SignatureKind> {
  return new Set(accepted[type].signature);
}

export function attestationsAccepted({ type = 'Cosign' }: Pick<Entry, 'type'>): ReadonlySet<AttestationKind> {
  return new Set(accepted[type].attestation);
}

/** Whether the Notary Project's evidence is what counts: where that does, no other kind does. */
export function isOfNotary({ accepts }: Accepting): boolean {
  return accepts.has('notary-signature');
}

interface Accepting {
  readonly accepts: ReadonlySet<SignatureKind> | ReadonlySet<AttestationKind>;
}
