import { createHash } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import type { AttachedAttestation } from '../registry/registry.ts';
import type { Envelope } from './envelope.ts';
import type { Material, Signed } from './evidence.ts';

/** SHA-256, hex, over the bytes that decide: what was signed, the signature, and what it is verified by. */
export function signatureHash(signed: Signed): string {
  return hashOf([
    Buffer.from(signed.format),
    signedPart(signed),
    signed.signature,
    ...materialParts(signed.material),
    ...(signed.format === 'notary' ? listed(signed.timestampToken === undefined ? [] : [signed.timestampToken]) : []),
  ]);
}

/** The same of an attestation, whose payload's type is always one; of a bare envelope with its bytes, which may be what is stamped. */
export function attestationHash({ payload, signature, hashes }: Envelope, material: Material): string {
  const bare = hashes === undefined ? [] : [hashes.sha256];
  return hashOf([Buffer.from('attestation'), payload, signature, ...listed(bare), ...materialParts(material)]);
}

/** The same of an attestation that a Notary signature is attached to: what the signature is over says which one it means, and not which one this is. */
export function attestedHash(signature: string, { type, manifest, subject, layer }: AttachedAttestation): string {
  const { digest, mediaType, size } = manifest;
  return hashOf([Buffer.from(JSON.stringify(['attested', signature, type, digest, mediaType, size, subject, layer]))]);
}

function materialParts({ certificates, timestamps, logEntries }: Material): Uint8Array[] {
  return [...listed(certificates), ...listed(timestamps), ...listed(logEntries.flatMap(entryParts))];
}

/** How many there are comes first: what ends one list is not what another begins with. */
function listed(parts: readonly Uint8Array[]): Uint8Array[] {
  return [Buffer.from(String(parts.length)), ...parts];
}

/** What an entry says, and what the log says of it: a proof has as many hashes as it has. */
function entryParts(entry: TransparencyLogEntry): Uint8Array[] {
  const { logId, kindVersion, inclusionPromise: promise, inclusionProof: proof } = entry;
  const told = [entry.logIndex, entry.integratedTime, kindVersion?.kind, kindVersion?.version, proof?.logIndex];
  const checkpoint = proof?.checkpoint?.envelope;
  return [
    entry.canonicalizedBody,
    logId?.keyId ?? Buffer.alloc(0),
    Buffer.from(JSON.stringify([...told, checkpoint, promise !== undefined, proof !== undefined])),
    promise?.signedEntryTimestamp ?? Buffer.alloc(0),
    ...listed(proof?.hashes ?? []),
  ];
}

function signedPart(signed: Signed): Uint8Array {
  switch (signed.format) {
    case 'payload':
      return signed.payload;
    case 'manifest':
      return signed.messageDigest;
    case 'dsse':
      return signed.pae;
    case 'notary':
      return signed.message;
  }
}

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
