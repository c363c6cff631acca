import type { KeyObject } from 'node:crypto';
import type { NotaryAlgorithm } from '../../evidence/notary-signature/attributes.ts';

const ofRsa: ReadonlyMap<number, NotaryAlgorithm> = new Map([
  [2048, 'PS256'],
  [3072, 'PS384'],
  [4096, 'PS512'],
]);
/** By OpenSSL's names of P-256, P-384 and P-521. */
const ofCurves: ReadonlyMap<string, NotaryAlgorithm> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

/** Go reads no larger exponent of RSA. By 1 whoever likes signs. */
const isExponent = (exponent: bigint) => exponent >= 3n && exponent < 2n ** 31n;

/** The one way in which a key signs (signature-specification.md, "Algorithm Selection"); `undefined`: it may not. */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): NotaryAlgorithm | undefined {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa') return isExponent(publicExponent) ? ofRsa.get(modulusLength) : undefined;
  return asymmetricKeyType === 'ec' ? ofCurves.get(asymmetricKeyDetails?.namedCurve ?? '') : undefined;
}

/**
 * Whether certificates may be issued by such a key. The specification bounds signers' keys alone; a CA's may be larger, and made up to take
 * long: a modulus of 16384 bits takes some milliseconds to check.
 */
export function isAuthorityKey(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    return modulusLength >= 2048 && modulusLength <= 8192 && isExponent(publicExponent);
  }
  return key.asymmetricKeyType === 'ed25519' || (key.asymmetricKeyType === 'ec' && algorithmOf(key) !== undefined);
}
