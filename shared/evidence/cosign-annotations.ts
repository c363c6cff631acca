import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { isJsonObject } from '../admission/json.ts';
import { readPem } from '../pem.ts';
import type { AttachedItem } from '../registry/registry.ts';
import type { Slices } from '../slices.ts';
import { decodeBase64 } from './base64.ts';
import type { Material } from './evidence.ts';
import { parseJsonObject } from './json.ts';
import { maxBody, maxPromise, refuseMoreBytes } from './log-bounds.ts';
import { Malformed } from './malformed.ts';

const bundleAnnotation = 'dev.sigstore.cosign/bundle';
const certificateAnnotation = 'dev.sigstore.cosign/certificate';
const chainAnnotation = 'dev.sigstore.cosign/chain';
const timestampAnnotation = 'dev.sigstore.cosign/rfc3161timestamp';
const maxCertificates = 10;
/** Characters of their PEM: a certificate has some kilobytes. */
const maxPem = maxCertificates * 24 * 1024;

export type Annotations = AttachedItem['layer']['annotations'];

/**
 * What cosign's older format carries in annotations of the layer that it signs, or attests by (cosign specs/SIGNATURE_SPEC.md). One that
 * is empty is none. Throws Malformed.
 */
export function* annotatedMaterial(annotations: Annotations): Slices<Material> {
  const log = annotations[bundleAnnotation] ?? '';
  const logEntries = log === '' ? [] : [yield* readLogEntry(Buffer.from(log))];
  const timestamps = yield* timestampsOf(annotations);
  return { certificates: certificatesOf(annotations), timestamps, logEntries };
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
