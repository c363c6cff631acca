import { createHash } from 'node:crypto';
import type { Digest } from '../../shared/image/digest.ts';
import { type Attached, appendLayer, attachReferrer, describe } from './attach.ts';
import type { Destination } from './destination.ts';
import {
  attestationStatement,
  cosign,
  dsseBundle,
  dsseEnvelope,
  legacyTag,
  messageBundle,
  preAuthEncoding,
  signatureStatement,
  simpleSigning,
} from './documents.ts';
import { goTime } from './go-json.ts';
import { hashOf, keyHint, type SigningKey, signBytes } from './keys.ts';

export type { Attached } from './attach.ts';
export { copySignatures } from './copy.ts';
export { type Destination, storeDestination } from './destination.ts';
export { cosign, fallbackTag, legacyTag } from './documents.ts';
export { type ImageOptions, makeImage, makeIndex, type Platform } from './images.ts';
export { type KeyType, newKey, type SigningKey, signBytes } from './keys.ts';
export { type NotaryRequest, type NotarySigner, notary, notaryEnvelope, signNotary } from './notary.ts';
export { httpDestination } from './push.ts';

interface Request {
  /** The image's repository, without host. */
  repository: string;
  /** The image, or index, to sign. */
  digest: Digest;
  key: SigningKey;
  /** The repository in which the signature is stored (COSIGN_REPOSITORY); the image's own by default. */
  storeIn?: string;
  /** Attacks: what is signed says something else than what is true. */
  claim?: Claim;
  /** Attacks: changes the payload (it stays well-formed) or the signature, after signing. */
  tamper?: 'payload' | 'signature';
  /** The time that a bundle's manifest names; now by default. */
  created?: Date;
}

export interface Claim {
  digest?: string;
  dockerReference?: string;
  /** `critical.type` of simple signing. */
  type?: string;
  predicateType?: string;
  payloadType?: string;
  /** All that is signed, instead of a payload or statement made here. */
  payload?: Uint8Array;
}

export interface SignRequest extends Request {
  /**
   * `bundle`: cosign 3's default, a DSSE bundle as a referrer. `sig`: cosign 2's default, the `.sig` tag. `oci11`:
   * cosign 2 with `--registry-referrers-mode=oci-1-1`, simple signing as a referrer. `message-bundle`: a bundle of a
   * message signature over the image's manifest, as a referrer.
   */
  format?: 'bundle' | 'sig' | 'oci11' | 'message-bundle';
  /** `cosign sign -a`. */
  annotations?: Readonly<Record<string, string>>;
}

export interface AttestRequest extends Request {
  predicateType: string;
  predicate: unknown;
  /**
   * `bundle`: cosign 3's default, a referrer. `att`: cosign 2's default, the `.att` tag. `oci11`: the same envelope as a referrer, as
   * cosign writes those of an image that it copies.
   */
  format?: 'bundle' | 'att' | 'oci11';
}

/** Signs an image with a key as cosign does, offline: no log entry, no timestamp. Returns where the signature is. */
export async function sign(destination: Destination, request: SignRequest): Promise<Attached> {
  const { annotations = {}, format = 'bundle' } = request;
  switch (format) {
    case 'sig':
    case 'oci11':
      return signSimply(destination, request, annotations, format);
    case 'message-bundle':
      return signMessage(destination, request);
    case 'bundle': {
      const predicateType = request.claim?.predicateType ?? cosign.signPredicate;
      const statement = { digest: request.claim?.digest ?? request.digest, predicateType, predicate: {} };
      const payload = request.claim?.payload ?? signatureStatement(statement, annotations);
      return putBundle(destination, request, envelope(request, payload).bundle, predicateType);
    }
  }
}

/** Attests a predicate about an image, signed with a key, as `cosign attest` does, offline. */
export async function attest(destination: Destination, request: AttestRequest): Promise<Attached> {
  const { repository, digest, claim = {}, storeIn = repository, format = 'bundle' } = request;
  const predicateType = claim.predicateType ?? request.predicateType;
  const name = claim.dockerReference ?? `${destination.host}/${repository}`;
  const statement = { digest: claim.digest ?? digest, predicateType, predicate: request.predicate };
  const signed = envelope(request, claim.payload ?? attestationStatement(name, statement));
  if (format === 'bundle') return putBundle(destination, request, signed.bundle, predicateType);
  const annotations = { [cosign.signatureAnnotation]: '', predicateType };
  const layer = { mediaType: cosign.dsse, bytes: signed.envelope, annotations };
  if (format === 'att') return appendLayer(destination, storeIn, legacyTag(digest, 'att'), layer);
  const subject = await describe(destination, repository, digest);
  return attachReferrer(destination, storeIn, subject, layer, { artifactType: cosign.inToto, config: 'empty' });
}

async function signSimply(
  destination: Destination,
  request: SignRequest,
  annotations: Readonly<Record<string, string>>,
  format: 'sig' | 'oci11',
): Promise<Attached> {
  const { repository, digest, claim = {}, storeIn = repository } = request;
  const reference = claim.dockerReference ?? `${destination.host}/${repository}`;
  const payload = claim.payload ?? simpleSigning(reference, claim.digest ?? digest, annotations, claim.type);
  const stored = tampered(request, payload, signBytes(request.key, payload));
  const layer = {
    mediaType: cosign.simpleSigning,
    bytes: stored.payload,
    annotations: { [cosign.signatureAnnotation]: stored.signature.toString('base64') },
  };
  if (format === 'sig') return appendLayer(destination, storeIn, legacyTag(digest, 'sig'), layer);
  const subject = await describe(destination, repository, digest);
  return attachReferrer(destination, storeIn, subject, layer, {
    artifactType: cosign.signatureArtifact,
    config: 'image',
  });
}

async function signMessage(destination: Destination, request: SignRequest): Promise<Attached> {
  const { repository, key, claim = {} } = request;
  const image = await destination.manifest(repository, claim.digest ?? request.digest);
  const message = claim.payload ?? image?.bytes;
  if (message === undefined) throw new Error(`${repository}@${request.digest} is not in ${destination.host}`);
  const hash = hashOf(key.type);
  const { payload, signature } = tampered(request, message, signBytes(key, message));
  const bytes = messageBundle(keyHint(key), hash, createHash(hash).update(payload).digest(), signature);
  return putBundle(destination, request, bytes);
}

async function putBundle(
  destination: Destination,
  { repository, digest, storeIn = repository, created = new Date() }: Request,
  bytes: Buffer,
  predicateType?: string,
): Promise<Attached> {
  const subject = await describe(destination, repository, digest);
  return attachReferrer(
    destination,
    storeIn,
    subject,
    { mediaType: cosign.bundle, bytes },
    {
      artifactType: cosign.bundle,
      config: 'empty',
      annotations: {
        'dev.sigstore.bundle.content': predicateType === undefined ? 'message-signature' : 'dsse-envelope',
        ...(predicateType === undefined ? {} : { 'dev.sigstore.bundle.predicateType': predicateType }),
        'org.opencontainers.image.created': goTime(created),
      },
    },
  );
}

/** A DSSE envelope over the payload, in both of the forms in which cosign stores one. */
function envelope(request: Request, payload: Uint8Array): { envelope: Buffer; bundle: Buffer } {
  const payloadType = request.claim?.payloadType ?? cosign.inToto;
  const stored = tampered(request, payload, signBytes(request.key, preAuthEncoding(payloadType, payload)));
  return {
    envelope: dsseEnvelope(payloadType, stored.payload, stored.signature),
    bundle: dsseBundle(keyHint(request.key), payloadType, stored.payload, stored.signature),
  };
}

function tampered(
  { tamper }: Request,
  payload: Uint8Array,
  signature: Buffer,
): { payload: Uint8Array; signature: Buffer } {
  // A space before the end: JSON of the same meaning, and other bytes than those signed.
  if (tamper === 'payload') return { payload: Buffer.concat([payload.subarray(0, -1), Buffer.from(' }')]), signature };
  if (tamper !== 'signature') return { payload, signature };
  // The last byte is inside s: the encoding stays that of a signature.
  const changed = Buffer.from(signature);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return { payload, signature: changed };
}
