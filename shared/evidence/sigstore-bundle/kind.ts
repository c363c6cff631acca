import type { SignatureFormat } from '../kind.ts';
import { signaturePredicate } from '../statement.ts';
import { readBundle } from './read.ts';

/** All versions and both spellings begin with it: `….bundle.v0.3+json`, `….bundle+json;version=0.2`. */
const mediaTypePrefix = 'application/vnd.dev.sigstore.bundle';

/** A Sigstore bundle, a referrer's only layer: a signature, or an attestation, which its manifest mostly says and may misstate. */
export const sigstoreBundle: SignatureFormat<'sigstore-bundle'> = {
  title: 'Sigstore bundle',
  plural: 'as Sigstore bundles',
  of: 'cosign',
  holds: (type) => type.startsWith(mediaTypePrefix),
  layers: 'first',
  maxBytes: 16 * 1024 * 1024,
  keepsAnnotation: () => false,
  hint: 'dev.sigstore.bundle.predicateType',
  ranking(source, predicateType = signaturePredicate) {
    if (source !== 'referrer') return undefined;
    return predicateType === signaturePredicate ? { rank: 2, bound: 'signatures' } : { rank: 3, bound: 'attestations' };
  },
  read: readBundle,
};
