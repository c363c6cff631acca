import { constants, createHash, type KeyObject, verify as verifySignature } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';
import type { HashName, KeyAlgorithm } from '../trust/public-key.ts';

/**
 * Whether `signature` over `message` is by `key`, in any way that `algorithm` lists. What throws does not verify.
 * node:crypto knows no Ed25519ph (RFC 8032 section 5.1), with which cosign signs.
 */
export function isSignedBy(
  message: Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
  algorithm: KeyAlgorithm,
): boolean {
  switch (algorithm.type) {
    case 'ecdsa':
      return algorithm.hashes.some((hash) => holds(() => verifySignature(hash, message, key, signature)));
    case 'rsa':
      return algorithm.hashes.some((hash) =>
        algorithm.paddings.some((padding) =>
          holds(() => verifySignature(hash, message, { key, ...rsa[padding] }, signature)),
        ),
      );
    case 'ed25519':
      return (
        holds(() => verifySignature(null, message, key, signature)) ||
        holds(() => ed25519ph.verify(signature, message, algorithm.raw, { zip215: false }))
      );
  }
}

const rsa = {
  pkcs1v15: { padding: constants.RSA_PKCS1_PADDING },
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
};

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

export function digestOf(hash: HashName, message: Uint8Array): Buffer {
  return createHash(hash).update(message).digest();
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
