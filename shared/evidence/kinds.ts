import { kindHolding } from '../registry/layer-kind.ts';
import type { SignatureKind } from '../trust/accepted.ts';
import type { EvidenceKind, SignatureFormat } from './kind.ts';
import * as rows from './rows.ts';

/** The kinds that a check may count as a signature of the image. One without a row does not compile. */
const signatureKinds: { readonly [K in SignatureKind]: SignatureFormat<K> } = rows;

export function signatureFormat<K extends SignatureKind>(kind: K): SignatureFormat<K> {
  return signatureKinds[kind];
}

/** The kind of signatures whose layers have this media type. */
export function signatureFormatHolding(mediaType: string): SignatureFormat<SignatureKind> | undefined {
  return kindHolding(Object.values(signatureKinds), mediaType);
}

/** Every kind of evidence: what the registry looks for, and what is read. */
export const evidenceKinds: readonly EvidenceKind[] = Object.values(rows);
