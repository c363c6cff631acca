import { assertBundleV01, assertBundleV02, type Bundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import { HashAlgorithm, Bundle as ProtoBundle, type TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { AttachedItem } from '../registry/registry.ts';
import { decodeBase64 } from './base64.ts';
import type { Attestation, Claim, Signed, SigstoreBundle } from './evidence.ts';
import { attestationHash, signatureHash } from './hash.ts';
import { isObject, type JsonObject, parseJsonObject } from './json.ts';
import { Malformed } from './malformed.ts';
import { readStatement, signaturePredicate, statementPayloadType } from './statement.ts';

/** Of a layer: every version's media type begins with it. */
export const bundleMediaTypePrefix = 'application/vnd.dev.sigstore.bundle';
export const envelopeMediaType = 'application/vnd.dsse.envelope.v1+json';

/** The log entries of version 0.1 promise inclusion; those of later versions prove it. */
const versions: Readonly<Record<string, (bundle: ProtoBundle) => void>> = {
  'application/vnd.dev.sigstore.bundle+json;version=0.1': assertPromised,
  'application/vnd.dev.sigstore.bundle+json;version=0.2': assertProved,
  'application/vnd.dev.sigstore.bundle+json;version=0.3': assertProved,
  'application/vnd.dev.sigstore.bundle.v0.3+json': assertProved,
};

const hashes = {
  [HashAlgorithm.SHA2_256]: 'sha256',
  [HashAlgorithm.SHA2_384]: 'sha384',
  [HashAlgorithm.SHA2_512]: 'sha512',
} as const;

const maxLogEntries = 32;
const maxSignatures = 32;

/** A Sigstore bundle of v0.1 to v0.3 (protobuf-specs, sigstore_bundle.proto). Throws Malformed, or what the parser throws. */
export function readBundle(item: AttachedItem): SigstoreBundle | Attestation {
  const json = parseJsonObject(item.bytes, 'the bundle');
  refuseTooMuch(json);
  const { content, verificationMaterial } = parseBundle(json);
  const { tlogEntries } = verificationMaterial;

  if (content.$case === 'messageSignature') {
    const { messageSignature } = json;
    const { algorithm, digest } = content.messageSignature.messageDigest;
    const hash = algorithm in hashes ? hashes[algorithm as keyof typeof hashes] : undefined;
    if (hash === undefined)
      throw new Malformed('the message digest is of no accepted hash (SHA-256, SHA-384, SHA-512)');
    const signature = decodeBase64(
      isObject(messageSignature) ? messageSignature['signature'] : undefined,
      'the signature',
    );
    return signatureBundle(item, { format: 'manifest', hash, messageDigest: digest, signature }, [], tlogEntries);
  }

  const { payloadType, payload, signature } = readEnvelope(isObject(json['dsseEnvelope']) ? json['dsseEnvelope'] : {});
  const { predicateType, claims } = readStatement(payload);
  if (predicateType !== signaturePredicate) return attestation(item, payload, predicateType);
  const pae = dsse.preAuthEncoding(payloadType, payload);
  return signatureBundle(item, { format: 'dsse', payloadType, payload, pae, signature }, claims, tlogEntries);
}

/** A bare DSSE envelope, as cosign attached attestations before bundles: whatever it states, it is no signature. */
export function readBareEnvelope(item: AttachedItem): Attestation {
  const json = parseJsonObject(item.bytes, 'the envelope');
  if (Array.isArray(json['signatures']) && json['signatures'].length > maxSignatures) {
    throw new Malformed(`the envelope has over ${maxSignatures} signatures`);
  }
  const { payload } = readEnvelope(json);
  return attestation(item, payload, readStatement(payload).predicateType);
}

function parseBundle(json: JsonObject): Bundle {
  const { mediaType } = json;
  const assertVersion =
    typeof mediaType === 'string' && Object.hasOwn(versions, mediaType) ? versions[mediaType] : undefined;
  if (assertVersion === undefined) throw new Malformed('the bundle is of no known version');
  if (isObject(json['messageSignature']) === isObject(json['dsseEnvelope'])) {
    throw new Malformed('the bundle holds neither or both of an envelope and a message signature');
  }
  const bundle = ProtoBundle.fromJSON(withStubPayload(json));
  try {
    assertVersion(bundle);
  } catch {
    throw new Malformed('the bundle lacks a field that its version asks for');
  }
  return bundle as Bundle;
}

/** The payload is decoded once, by `readEnvelope`, which is strict: the parser would hold megabytes of it twice more. */
function withStubPayload(json: JsonObject): JsonObject {
  const { dsseEnvelope } = json;
  if (!isObject(dsseEnvelope) || !dsseEnvelope['payload']) return json;
  return { ...json, dsseEnvelope: { ...dsseEnvelope, payload: 'AA==' } };
}

// Unlike bundleFromJSON, v0.3 may carry a certificate chain, which cosign 3.1.3 writes: with keys it decides nothing.
function assertProved(bundle: ProtoBundle): void {
  assertBundleV02(bundle);
}
function assertPromised(bundle: ProtoBundle): void {
  assertBundleV01(bundle);
}

function refuseTooMuch({ verificationMaterial, dsseEnvelope }: JsonObject): void {
  const entries = isObject(verificationMaterial) ? verificationMaterial['tlogEntries'] : undefined;
  if (Array.isArray(entries) && entries.length > maxLogEntries) {
    throw new Malformed(`the bundle has over ${maxLogEntries} log entries`);
  }
  const signatures = isObject(dsseEnvelope) ? dsseEnvelope['signatures'] : undefined;
  if (Array.isArray(signatures) && signatures.length > maxSignatures) {
    throw new Malformed(`the envelope has over ${maxSignatures} signatures`);
  }
}

function readEnvelope({ payloadType, payload, signatures }: JsonObject) {
  if (payloadType !== statementPayloadType) throw new Malformed('the envelope holds no in-toto statement');
  const [first]: readonly unknown[] = Array.isArray(signatures) ? signatures : [];
  return {
    payloadType,
    payload: decodeBase64(payload, "the envelope's payload"),
    signature: decodeBase64(isObject(first) ? first['sig'] : undefined, "the envelope's signature"),
  };
}

function signatureBundle(
  item: AttachedItem,
  signed: Signed,
  claims: readonly Claim[],
  logEntries: readonly TransparencyLogEntry[],
): SigstoreBundle {
  const { repository, layer } = item;
  const hash = signatureHash(signed, logEntries);
  return { kind: 'sigstore-bundle', repository, layer: layer.digest, signed, claims, logEntries, hash };
}

function attestation({ repository, layer }: AttachedItem, payload: Uint8Array, predicateType: string): Attestation {
  return { kind: 'attestation', repository, layer: layer.digest, predicateType, hash: attestationHash(payload) };
}
