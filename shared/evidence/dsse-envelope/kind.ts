import type { EvidenceKind } from '../kind.ts';
import { readBareEnvelope } from './read.ts';

/** What cosign keeps in annotations of the layer: certificates, a log entry, a time stamp, and what it attests. */
const annotation = /^dev\.(?:cosignproject|sigstore)\.cosign\/|^predicateType$/;

/** A bare DSSE envelope, as cosign attached attestations before bundles: under the `.att` tag, or as a referrer, a layer for each. */
export const dsseEnvelope: EvidenceKind = {
  of: 'cosign',
  holds: (type) => type === 'application/vnd.dsse.envelope.v1+json',
  layers: 'every',
  maxBytes: 16 * 1024 * 1024,
  keepsAnnotation: (name) => annotation.test(name),
  hint: 'predicateType',
  only: 'attestations',
  ranking: (source) => (source === 'sig-tag' ? undefined : { rank: 4, bound: 'attestations' }),
  read: readBareEnvelope,
};
