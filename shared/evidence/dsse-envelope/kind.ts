import type { EvidenceKind } from '../kind.ts';
import { readBareEnvelope } from './read.ts';

/** A bare DSSE envelope, as cosign attached attestations before bundles. It is read where it is handed in, and not looked for. */
export const dsseEnvelope: EvidenceKind = {
  holds: (type) => type === 'application/vnd.dsse.envelope.v1+json',
  layers: 'every',
  maxBytes: 16 * 1024 * 1024,
  keepsAnnotation: () => false,
  ranking: () => undefined,
  read: readBareEnvelope,
};
