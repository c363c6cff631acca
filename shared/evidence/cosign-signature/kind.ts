import type { SignatureFormat } from '../kind.ts';
import { readSimpleSigning } from './read.ts';

/** cosign's simple signing: the layer's bytes are the payload. */
const mediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** cosign keeps a signature, its log entry and its certificates in annotations of the layer. */
const annotation = /^dev\.(?:cosignproject|sigstore)\.cosign\//;

/** cosign's older format, from the `.sig` tag or an OCI 1.1 referrer: a layer for each signature, tried before all else. */
export const cosignSignature: SignatureFormat<'cosign-signature'> = {
  title: "signature in cosign's older format",
  plural: "in cosign's older format",
  of: 'cosign',
  holds: (type) => type === mediaType,
  layers: 'every',
  only: 'signatures',
  maxBytes: 64 * 1024,
  keepsAnnotation: (name) => annotation.test(name),
  ranking: (source) => (source === 'att-tag' ? undefined : { rank: source === 'sig-tag' ? 0 : 1, bound: 'signatures' }),
  read: readSimpleSigning,
};
