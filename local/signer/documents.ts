import type { Digest } from '../../shared/image/digest.ts';
import { goJson, sorted } from './go-json.ts';

/** The media types, annotation keys and predicate types of cosign 2.6 and 3.1. */
export const cosign = {
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  dsse: 'application/vnd.dsse.envelope.v1+json',
  bundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  signatureArtifact: 'application/vnd.dev.cosign.artifact.sig.v1+json',
  signatureAnnotation: 'dev.cosignproject.cosign/signature',
  signPredicate: 'https://sigstore.dev/cosign/sign/v1',
  inToto: 'application/vnd.in-toto+json',
} as const;

/** What cosign 2 signs: "simple signing" (containers/image, docs/atomic-signature.md), with cosign's own `type`. */
export function simpleSigning(
  dockerReference: string,
  digest: string,
  annotations: Readonly<Record<string, string>>,
  type = 'cosign container image signature',
): Buffer {
  const optional = Object.keys(annotations).length === 0 ? null : sorted(annotations);
  return Buffer.from(
    goJson({
      critical: {
        identity: { 'docker-reference': dockerReference },
        image: { 'docker-manifest-digest': digest },
        type,
      },
      optional,
    }),
  );
}

export interface Statement {
  digest: string;
  predicateType: string;
  predicate: unknown;
}

/** The statement of cosign 3's image signature: no name, the annotations in the subject. */
export function signatureStatement(
  { digest, predicateType, predicate }: Statement,
  annotations: Readonly<Record<string, string>>,
): Buffer {
  const subject = [{ digest: digestSet(digest), annotations: sorted(annotations) }];
  return Buffer.from(goJson({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate }));
}

/** The statement of an attestation, the same in cosign 2 and 3: in-toto Statement v0.1, named after the repository. */
export function attestationStatement(name: string, { digest, predicateType, predicate }: Statement): Buffer {
  const subject = [{ name, digest: digestSet(digest) }];
  return Buffer.from(goJson({ _type: 'https://in-toto.io/Statement/v0.1', predicateType, subject, predicate }));
}

/** DSSE's pre-authentication encoding: what is signed (DSSE v1, protocol.md). Lengths are in bytes. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** The layer of an `.att` manifest. */
export function dsseEnvelope(payloadType: string, payload: Uint8Array, signature: Uint8Array): Buffer {
  const signatures = [{ keyid: '', sig: base64(signature) }];
  return Buffer.from(goJson({ payloadType, payload: base64(payload), signatures }));
}

/** A Sigstore bundle v0.3 of a DSSE envelope, signed by a key, without log entry or timestamp. */
export function dsseBundle(hint: string, payloadType: string, payload: Uint8Array, signature: Uint8Array): Buffer {
  return bundle(hint, {
    dsseEnvelope: { payload: base64(payload), payloadType, signatures: [{ sig: base64(signature) }] },
  });
}

/** A Sigstore bundle v0.3 of a signature over a message that is elsewhere: for an image, the bytes of its manifest. */
export function messageBundle(
  hint: string,
  hash: 'sha256' | 'sha384' | 'sha512',
  messageDigest: Uint8Array,
  signature: Uint8Array,
): Buffer {
  const algorithm = { sha256: 'SHA2_256', sha384: 'SHA2_384', sha512: 'SHA2_512' }[hash];
  return bundle(hint, {
    messageSignature: { messageDigest: { algorithm, digest: base64(messageDigest) }, signature: base64(signature) },
  });
}

/** The tag under which cosign 2 keeps what belongs to a digest. */
export function legacyTag(digest: Digest, suffix: 'sig' | 'att'): string {
  return `${fallbackTag(digest)}.${suffix}`;
}

/** The referrers tag schema of distribution-spec 1.1. */
export function fallbackTag(digest: Digest): string {
  return digest.replace(':', '-');
}

function bundle(hint: string, content: object): Buffer {
  return Buffer.from(goJson({ mediaType: cosign.bundle, verificationMaterial: { publicKey: { hint } }, ...content }));
}

function digestSet(digest: string): Record<string, string> {
  const [algorithm = '', hex = ''] = digest.split(':', 2);
  return { [algorithm]: hex };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
