import { assertBundleV01, assertBundleV02, type Bundle } from '@sigstore/bundle';
import { HashAlgorithm, Bundle as ProtoBundle } from '@sigstore/protobuf-specs';
import { isJsonObject, type JsonObject } from '../../admission/json.ts';
import type { AttachedItem } from '../../registry/registry.ts';
import type { Slices } from '../../slices.ts';
import { attestation } from '../attestation.ts';
import { decodeBase64 } from '../base64.ts';
import { readEnvelope, signedEnvelope } from '../envelope.ts';
import type { Attestation, Claim, Material, SignatureEvidence, Signed } from '../evidence.ts';
import { signatureHash } from '../hash.ts';
import { parseJsonObject } from '../json.ts';
import type { Keep } from '../kind.ts';
import { Malformed } from '../malformed.ts';
import { readStatement, signaturePredicate } from '../statement.ts';
import { refuseTooMuch } from './bounds.ts';

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

/** A Sigstore bundle of v0.1 to v0.3 (protobuf-specs, sigstore_bundle.proto). Throws Malformed, or what the parser throws. */
export function* readBundle(
  item: AttachedItem,
  keep: Keep,
): Slices<SignatureEvidence<'sigstore-bundle'> | Attestation> {
  const json = yield* parseJsonObject(item.bytes, 'the bundle');
  refuseTooMuch(json);
  const { content, verificationMaterial } = parseBundle(json);
  const material = materialOf(verificationMaterial);

  if (content.$case === 'messageSignature') {
    const { messageSignature } = json;
    const { algorithm, digest } = content.messageSignature.messageDigest;
    const hash = algorithm in hashes ? hashes[algorithm as keyof typeof hashes] : undefined;
    if (hash === undefined)
      throw new Malformed('the message digest is of no accepted hash (SHA-256, SHA-384, SHA-512)');
    const signature = decodeBase64(
      isJsonObject(messageSignature) ? messageSignature['signature'] : undefined,
      'the signature',
    );
    return signatureBundle(item, { format: 'manifest', hash, messageDigest: digest, signature, material }, []);
  }

  const envelope = yield* readEnvelope(isJsonObject(json['dsseEnvelope']) ? json['dsseEnvelope'] : {});
  const statement = yield* readStatement(envelope.payload);
  return statement.predicateType === signaturePredicate
    ? signatureBundle(item, signedEnvelope(envelope, material), statement.claims)
    : yield* attestation(item, envelope, statement, material, keep, 'sigstore-bundle');
}

function materialOf({ content, timestampVerificationData, tlogEntries }: Bundle['verificationMaterial']): Material {
  return {
    certificates: certificatesOf(content),
    timestamps: (timestampVerificationData?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) => signedTimestamp),
    logEntries: tlogEntries,
  };
}

function certificatesOf(content: Bundle['verificationMaterial']['content']): readonly Uint8Array[] {
  switch (content.$case) {
    case 'certificate':
      return [content.certificate.rawBytes];
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes);
    case 'publicKey':
      return [];
  }
}

function parseBundle(json: JsonObject): Bundle {
  const { mediaType } = json;
  const assertVersion =
    typeof mediaType === 'string' && Object.hasOwn(versions, mediaType) ? versions[mediaType] : undefined;
  if (assertVersion === undefined) throw new Malformed('the bundle is of no known version');
  if (isJsonObject(json['messageSignature']) === isJsonObject(json['dsseEnvelope'])) {
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
  if (!isJsonObject(dsseEnvelope) || !dsseEnvelope['payload']) return json;
  return { ...json, dsseEnvelope: { ...dsseEnvelope, payload: 'AA==' } };
}

// Unlike bundleFromJSON, v0.3 may carry a certificate chain, which cosign 3.1.3 writes: with keys it decides nothing.
function assertProved(bundle: ProtoBundle): void {
  assertBundleV02(bundle);
}
function assertPromised(bundle: ProtoBundle): void {
  assertBundleV01(bundle);
}

function signatureBundle(
  { repository, layer }: AttachedItem,
  signed: Signed,
  claims: readonly Claim[],
): SignatureEvidence<'sigstore-bundle'> {
  const hash = signatureHash(signed);
  return { kind: 'sigstore-bundle', repository, layer: layer.digest, signed, claims, hash };
}
