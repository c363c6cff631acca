import type { SignatureFormat } from '../kind.ts';
import { readNotary } from './lazy.ts';
import { cose, jws } from './media-types.ts';

/** A Notary Project signature: the only layer of a referrer. */
export const notarySignature: SignatureFormat<'notary-signature'> = {
  title: 'Notary signature',
  plural: 'as Notary signatures',
  of: 'notary',
  artifactType: 'application/vnd.cncf.notary.signature',
  holds: (type) => type === jws || type === cose,
  layers: 'first',
  only: 'signatures',
  maxBytes: 1024 * 1024,
  keepsAnnotation: () => false,
  ranking: (source) => (source === 'referrer' ? { rank: 1, bound: 'signatures' } : undefined),
  read: readNotary,
};
