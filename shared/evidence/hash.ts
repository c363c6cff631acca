import { createHash } from 'node:crypto';
import type { Signed } from './evidence.ts';

/** SHA-256, hex, over the bytes that decide: what was signed, the signature, and what it is verified by. */
export function signatureHash(signed: Signed): string {
  return hashOf([
    Buffer.from(signed.format),
    signedPart(signed),
    signed.signature,
    ...signed.material.certificates,
    ...signed.material.timestamps,
    ...signed.material.logEntries.map((entry) => entry.canonicalizedBody),
  ]);
}

export function attestationHash(payload: Uint8Array): string {
  return hashOf([Buffer.from('attestation'), payload]);
}

function signedPart(signed: Signed): Uint8Array {
  switch (signed.format) {
    case 'payload':
      return signed.payload;
    case 'manifest':
      return signed.messageDigest;
    case 'dsse':
      return signed.pae;
  }
}

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
