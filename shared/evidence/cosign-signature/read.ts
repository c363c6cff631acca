import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { isJsonObject, type JsonObject } from '../../admission/json.ts';
import { parseDigest } from '../../image/digest.ts';
import { readPem } from '../../pem.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import { decodeBase64 } from '../base64.ts';
import type { Claim, SignatureEvidence, Signed } from '../evidence.ts';
import { signatureHash } from '../hash.ts';
import { parseJsonObject } from '../json.ts';
import { maxBody, maxPromise, refuseMoreBytes } from '../log-bounds.ts';
import { Malformed } from '../malformed.ts';

const signatureAnnotation = 'dev.cosignproject.cosign/signature';
const bundleAnnotation = 'dev.sigstore.cosign/bundle';
const certificateAnnotation = 'dev.sigstore.cosign/certificate';
const chainAnnotation = 'dev.sigstore.cosign/chain';
const timestampAnnotation = 'dev.sigstore.cosign/rfc3161timestamp';
const maxCertificates = 10;
/** Characters of their PEM: a certificate has some kilobytes. */
const maxPem = maxCertificates * 24 * 1024;

type Annotations = AttachedItem['layer']['annotations'];

/**
 * cosign's own format: the layer is the payload, its annotations carry the signature and the log entry
 * (cosign specs/SIGNATURE_SPEC.md). Throws Malformed.
 */
export function* readSimpleSigning(item: AttachedItem): Slices<SignatureEvidence<'cosign-signature'>> {
  const { annotations, digest } = item.layer;
  const signature = decodeBase64(annotations[signatureAnnotation], `the annotation ${signatureAnnotation}`);
  // Empty is none, as for time stamps and certificates.
  const log = annotations[bundleAnnotation] ?? '';
  const logEntries = log === '' ? [] : [yield* readLogEntry(Buffer.from(log))];
  const timestamps = yield* timestampsOf(annotations);
  const material = { certificates: certificatesOf(annotations), timestamps, logEntries };
  const signed: Signed = { format: 'payload', payload: item.bytes, signature, material };
  const payload = yield* parseJsonObject(item.bytes, 'the payload');
  return {
    kind: 'cosign-signature',
    repository: item.repository,
    layer: digest,
    signed,
    claims: [readClaim(payload)],
    hash: signatureHash(signed),
  };
}

/** The signer's certificate, and those that come along to find its CA by. */
function certificatesOf(annotations: Annotations): readonly Uint8Array[] {
  const signer = readCertificates(annotations, certificateAnnotation);
  return signer.length === 0 ? [] : [...signer.slice(0, 1), ...readCertificates(annotations, chainAnnotation)];
}

function readCertificates(annotations: Annotations, name: string): readonly Uint8Array[] {
  const pem = annotations[name] ?? '';
  if (pem.length > maxPem) throw new Malformed(`the annotation ${name} has over ${maxPem} characters`);
  const { blocks } = readPem(pem);
  if (blocks.length > maxCertificates)
    throw new Malformed(`the annotation ${name} has over ${maxCertificates} certificates`);
  return blocks.map(({ body }) => decodeBase64(body.replace(/\s+/g, ''), `the annotation ${name}`));
}

/** cosign writes what a time-stamp authority answered (RFC 3161) as base64 into JSON. */
function* timestampsOf(annotations: Annotations): Slices<readonly Uint8Array[]> {
  const text = annotations[timestampAnnotation];
  if (text === undefined || text === '') return [];
  const { SignedRFC3161Timestamp } = yield* parseJsonObject(Buffer.from(text), 'the time stamp');
  return [decodeBase64(SignedRFC3161Timestamp, 'the time stamp')];
}

/**
 * The digest says which image is signed, and nothing else does. The type is any text, or left out, as for cosign: tools write
 * their own (`Tekton container signature`). The docker-reference is wrong after every copy to a mirror.
 */
function readClaim(payload: JsonObject): Claim {
  const critical = field(payload, 'critical');
  if (!isJsonObject(critical)) throw new Malformed('the payload has no "critical" object');
  if (typeof (field(critical, 'type') ?? '') !== 'string') throw new Malformed("the payload's type is no text");
  const image = field(critical, 'image');
  const digest = isJsonObject(image) ? parseDigest(field(image, 'docker-manifest-digest')) : undefined;
  if (digest === undefined) throw new Malformed('the payload names no digest of an image');
  const optional = field(payload, 'optional') ?? {};
  if (!isJsonObject(optional)) throw new Malformed('the payload\'s "optional" is no object');
  return { digest, annotations: optional };
}

/** Go reads a struct's fields in any case, and old cosign wrote `Docker-manifest-digest`; two spellings at once are refused. */
function field(object: JsonObject, name: string): unknown {
  const spellings = Object.keys(object).filter((key) => key.toLowerCase() === name);
  if (spellings.length > 1) throw new Malformed(`the payload has "${name}" more than once`);
  const [spelling] = spellings;
  return spelling === undefined ? undefined : object[spelling];
}

/** Rekor's bundle, with an inclusion promise (SET) and no proof, as the log entry that a Sigstore bundle would carry. */
function* readLogEntry(bytes: Uint8Array): Slices<TransparencyLogEntry> {
  const bundle = yield* parseJsonObject(bytes, 'the log entry');
  const { SignedEntryTimestamp, Payload } = bundle;
  if (!isJsonObject(Payload)) throw new Malformed('the log entry has no payload');
  refuseMoreBytes(Payload['body'], maxBody, "a log entry's body");
  refuseMoreBytes(SignedEntryTimestamp, maxPromise, "a log entry's promise");
  const canonicalizedBody = decodeBase64(Payload['body'], "the log entry's body");
  const { kind, apiVersion } = yield* parseJsonObject(canonicalizedBody, "the log entry's body");
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') throw new Malformed('the log entry is of no kind');
  const logId = Payload['logID'];
  if (typeof logId !== 'string' || !/^[0-9a-f]{64}$/.test(logId)) throw new Malformed('the log entry has no log ID');
  return {
    logIndex: integer(Payload['logIndex'], 'logIndex'),
    integratedTime: integer(Payload['integratedTime'], 'integratedTime'),
    logId: { keyId: Buffer.from(logId, 'hex') },
    kindVersion: { kind, version: apiVersion },
    inclusionPromise: { signedEntryTimestamp: decodeBase64(SignedEntryTimestamp, "the log entry's promise") },
    inclusionProof: undefined,
    canonicalizedBody,
  };
}

function integer(value: unknown, name: string): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new Malformed(`the log entry's ${name} is no integer`);
}
