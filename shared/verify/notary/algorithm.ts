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

/** The one way in which a key signs (signature-specification.md, "Algorithm Selection"); `undefined`: it may not. */
export function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): NotaryAlgorithm | undefined {
  if (asymmetricKeyType === 'rsa') return ofRsa.get(asymmetricKeyDetails?.modulusLength ?? 0);
  return asymmetricKeyType === 'ec' ? ofCurves.get(asymmetricKeyDetails?.namedCurve ?? '') : undefined;
}
