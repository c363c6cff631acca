import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { isPublicKeyBlock, publicKeyIn, readPem } from '../pem.ts';
import type { KeysAttestor } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';

/** A public key in its one canonical encoding: the same key spelled otherwise is the same `spki`. */
export interface PublicKey {
  readonly key: KeyObject;
  /** SHA-256, hex, of the SubjectPublicKeyInfo's DER. */
  readonly spki: string;
}

export type HashName = 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How signatures by a key are checked; any one way that verifies is enough. */
export type KeyAlgorithm =
  | { readonly type: 'ecdsa'; readonly hashes: readonly HashName[] }
  | { readonly type: 'rsa'; readonly hashes: readonly HashName[]; readonly paddings: readonly ('pkcs1v15' | 'pss')[] }
  | { readonly type: 'ed25519'; readonly raw: Uint8Array };

/** A public key, and the ways of signing that count for it. */
export interface SigningKey extends PublicKey {
  readonly algorithm: KeyAlgorithm;
}

/** NIST curves by OpenSSL's names, each with the hash that cosign signs with. */
const curves: Readonly<Record<string, { readonly name: string; readonly hash: HashName }>> = {
  prime256v1: { name: 'P-256', hash: 'sha256' },
  secp384r1: { name: 'P-384', hash: 'sha384' },
  secp521r1: { name: 'P-521', hash: 'sha512' },
};

const accepted = 'accepted are ECDSA P-256, P-384 and P-521, RSA of 2048 to 8192 bits, and Ed25519';

/**
 * Reads exactly one PEM block, `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS #1). `where` names the field in messages.
 * Throws Refusal `key-invalid`; the message never quotes the text, which may be a private key.
 */
export function parsePublicKey(pem: string, where: string): PublicKey {
  const { blocks, rest } = readPem(pem);
  const [block, another] = blocks;
  if (block === undefined || another !== undefined || rest.trim() !== '') {
    throw new Refusal('key-invalid', `${where}: one public key in PEM is expected`);
  }
  if (!isPublicKeyBlock(block)) {
    throw new Refusal('key-invalid', `${where}: the PEM block "${block.label.slice(0, 40)}" is not a public key`);
  }
  const key = publicKeyIn(block);
  const unreadable = new Refusal('key-invalid', `${where}: the public key in the PEM block cannot be read`);
  if (key === undefined) throw unreadable;
  try {
    return canonicalKey(key, where);
  } catch (thrown) {
    throw thrown instanceof Refusal ? thrown : unreadable;
  }
}

/**
 * Through JWK and back: compressed points and explicit parameters would give one key several fingerprints. Throws Refusal `key-invalid`
 * for a kind of key that is not accepted.
 */
export function canonicalKey(parsed: KeyObject, where: string): PublicKey {
  refuseOtherKinds(parsed, where);
  const key = createPublicKey({ key: parsed.export({ format: 'jwk' }), format: 'jwk' });
  const spki = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
  return { key, spki };
}

/** The key of a certificate, with every way of signing that fits it, or the one that is pinned. Throws Refusal `key-invalid`. */
export function certifiedKey(
  key: KeyObject,
  signatureAlgorithm: KeysAttestor['signatureAlgorithm'] = 'sha256',
  where = 'certificate',
): SigningKey {
  const known = canonicalKey(key, where);
  return { ...known, algorithm: keyAlgorithm(known, signatureAlgorithm, where) };
}

function refuseOtherKinds(key: KeyObject, where: string): void {
  const type = key.asymmetricKeyType ?? 'unknown';
  const { namedCurve = 'explicit parameters', modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (type === 'ed25519') return;
  if (type === 'ec') {
    if (Object.hasOwn(curves, namedCurve)) return;
    throw new Refusal('key-invalid', `${where}: an ECDSA key on ${namedCurve} is not accepted; ${accepted}`);
  }
  if (type === 'rsa') {
    if (modulusLength >= 2048 && modulusLength <= 8192 && publicExponent >= 3n) return;
    throw new Refusal('key-invalid', `${where}: an RSA key of ${modulusLength} bits is not accepted; ${accepted}`);
  }
  throw new Refusal('key-invalid', `${where}: a key of type ${type} is not accepted; ${accepted}`);
}

/**
 * Which ways of signing count for this key. `sha256` is what an API server writes when the field is absent, so it does not
 * pin: ECDSA keys then also take the curve's own hash, with which cosign signs. Any other value pins.
 * Throws Refusal `key-invalid` where a pinned hash cannot be had with the key.
 */
export function keyAlgorithm(
  { key }: PublicKey,
  signatureAlgorithm: KeysAttestor['signatureAlgorithm'],
  where: string,
): KeyAlgorithm {
  const pinned = signatureAlgorithm !== 'sha256';
  if (key.asymmetricKeyType === 'rsa') {
    return { type: 'rsa', hashes: [signatureAlgorithm], paddings: ['pkcs1v15', 'pss'] };
  }
  if (key.asymmetricKeyType === 'ec') {
    const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
    const hashes = pinned || curve === undefined ? [signatureAlgorithm] : [curve.hash, signatureAlgorithm];
    return { type: 'ecdsa', hashes: [...new Set(hashes)] };
  }
  if (pinned && signatureAlgorithm !== 'sha512') {
    throw new Refusal(
      'key-invalid',
      `${where}: signatureAlgorithm ${signatureAlgorithm} does not fit an Ed25519 key: write sha512, or leave it out`,
    );
  }
  return { type: 'ed25519', raw: Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url') };
}
