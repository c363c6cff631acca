import { constants, createHash, type KeyObject, verify as verifySignature } from 'node:crypto';
import { eddsa } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';
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
        holds(() => ed25519ph.verify(signature, digestOf('sha512', message), algorithm.raw))
      );
  }
}

/**
 * Whether `signature` over `message` is by `key` as JOSE and COSE sign (RFC 7518 sections 3.4 and 3.5, RFC 8230): RSASSA-PSS whose salt is
 * as long as the hash, or ECDSA whose two numbers stand one after the other. What throws does not verify.
 */
export function isPlainlySignedBy(
  message: Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
  hash: 'sha256' | 'sha384' | 'sha512',
): boolean {
  const way =
    key.asymmetricKeyType === 'ec'
      ? ({ key, dsaEncoding: 'ieee-p1363' } as const)
      : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return holds(() => verifySignature(hash, message, way, signature));
}

const rsa = {
  pkcs1v15: { padding: constants.RSA_PKCS1_PADDING },
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
};

/**
 * Ed25519ph over a message whose SHA-512 is at hand: @noble/curves' own takes the message, and hashes it in JavaScript for each
 * signature and key.
 */
const ed25519ph = eddsa(ed25519.Point, (bytes: Uint8Array) => createHash('sha512').update(bytes).digest(), {
  prehash: (digest: Uint8Array) => digest,
  // RFC 8032 section 2, dom2(1, ""): no context.
  domain: (data: Uint8Array) =>
    Buffer.concat([Buffer.from('SigEd25519 no Ed25519 collisions\u0001\u0000', 'latin1'), data]),
  zip215: false,
});

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

const digests = new WeakMap<Uint8Array, Map<HashName, Buffer>>();

/** Each hash of a message is computed once, however many signatures are over it and keys are tried: it may have megabytes. */
export function digestOf(hash: HashName, message: Uint8Array): Buffer {
  const known = digests.get(message) ?? new Map<HashName, Buffer>();
  digests.set(message, known);
  const digest = known.get(hash) ?? createHash(hash).update(message).digest();
  known.set(hash, digest);
  return digest;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
