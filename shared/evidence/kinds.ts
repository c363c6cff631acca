import type { SignatureKind } from '../trust/accepted.ts';
import { cosignSignature } from './cosign-signature/kind.ts';
import { dsseEnvelope } from './dsse-envelope/kind.ts';
import type { EvidenceKind, SignatureFormat } from './kind.ts';
import { sigstoreBundle } from './sigstore-bundle/kind.ts';

/** The kinds that a check may count as a signature of the image. */
export const signatureKinds: { readonly [K in SignatureKind]: SignatureFormat<K> } = {
  'cosign-signature': cosignSignature,
  'sigstore-bundle': sigstoreBundle,
};

/** Every kind of evidence, a row each: what the registry looks for, and what is read. */
export const evidenceKinds: readonly EvidenceKind[] = [...Object.values(signatureKinds), dsseEnvelope];
