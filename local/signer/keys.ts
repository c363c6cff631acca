import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { ed25519ph } from '@noble/curves/ed25519.js';

export type KeyType = 'p256' | 'p384' | 'p521' | 'rsa2048' | 'ed25519';

export interface SigningKey {
  readonly type: KeyType;
  /** SPKI, as `cosign.pub` holds it. */
  readonly publicKeyPem: string;
  readonly privateKey: KeyObject;
}

/** A new random key; ECDSA P-256, cosign's own choice, by default. */
export function newKey(type: KeyType = 'p256'): SigningKey {
  const privateKey = generate(type);
  const publicKeyPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return { type, publicKeyPem, privateKey };
}

/**
 * The signature that cosign makes with such a key: ECDSA (DER) over SHA-256, SHA-384 or SHA-512 by the curve's size,
 * RSA PKCS #1 v1.5 over SHA-256, Ed25519ph (RFC 8032 §5.1) for Ed25519.
 */
export function signBytes({ type, privateKey }: SigningKey, message: Uint8Array): Buffer {
  if (type !== 'ed25519') return sign(hashOf(type), message, privateKey);
  const { d = '' } = privateKey.export({ format: 'jwk' });
  return Buffer.from(ed25519ph.sign(message, Uint8Array.from(Buffer.from(d, 'base64url'))));
}

/** The hash that signBytes uses, as node:crypto names it. */
export function hashOf(type: KeyType): 'sha256' | 'sha384' | 'sha512' {
  if (type === 'p384') return 'sha384';
  return type === 'p521' || type === 'ed25519' ? 'sha512' : 'sha256';
}

/** What cosign writes into a bundle to say which key it was: base64 of the SPKI's SHA-256. */
export function keyHint({ publicKeyPem }: SigningKey): string {
  const spki = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

function generate(type: KeyType): KeyObject {
  switch (type) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'p521':
      return generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
    case 'rsa2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
  }
}
