import { createPublicKey, type KeyObject } from 'node:crypto';
import type { KeysAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import type { KmsKey } from '../kms.ts';
import { canonicalKey, type HashName, type KeyAlgorithm, keyAlgorithm, type SigningKey } from '../public-key.ts';

const paddings = { pkcs1v15: 'RSASSA_PKCS1_V1_5', pss: 'RSASSA_PSS' } as const;

/**
 * A key in a KMS as an anchor's: what the policy asks of it, as far as KMS signs so with it. So it is the same anchor as the same key in
 * PEM, but that a P-384 or P-521 key has its curve's hash alone, as if `signatureAlgorithm` said so.
 * `name`: the address, for messages. Throws Refusal `key-invalid`.
 */
export function kmsSigningKey(
  { spki, usage, algorithms }: KmsKey,
  signatureAlgorithm: KeysAttestor['signatureAlgorithm'],
  where: string,
  name: string,
): SigningKey {
  const at = `${where}: ${name}`;
  if (usage !== 'SIGN_VERIFY') {
    const told = `is a key for ${usage}, not for signing: name one whose KeyUsage is SIGN_VERIFY`;
    throw new Refusal('key-invalid', `${at} ${told}`);
  }
  const key = canonicalKey(parsed(spki, at), at);
  const wanted = keyAlgorithm(key, signatureAlgorithm, at);
  const algorithm = asFarAs(new Set(algorithms), wanted);
  if (algorithm === undefined) {
    const signs = algorithms.length === 0 ? 'in no way that KMS names' : `with ${algorithms.join(', ')}`;
    const told = `signatureAlgorithm ${signatureAlgorithm} does not fit ${name}, which signs ${signs}: leave it out`;
    throw new Refusal('key-invalid', `${where}: ${told}`);
  }
  return { ...key, algorithm };
}

function parsed(spki: Uint8Array, at: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    throw new Refusal('key-invalid', `${at}: the public key that KMS gives cannot be read`);
  }
}

/** `undefined`: KMS signs in none of these ways. */
function asFarAs(signs: ReadonlySet<string>, algorithm: KeyAlgorithm): KeyAlgorithm | undefined {
  if (algorithm.type === 'ed25519') {
    return signs.has('ED25519_SHA_512') || signs.has('ED25519_PH_SHA_512') ? algorithm : undefined;
  }
  if (algorithm.type === 'ecdsa') {
    const hashes = algorithm.hashes.filter((hash) => signs.has(`ECDSA_${inKms(hash)}`));
    return hashes.length === 0 ? undefined : { type: 'ecdsa', hashes };
  }
  const signsSo = (hash: HashName, padding: keyof typeof paddings) => signs.has(`${paddings[padding]}_${inKms(hash)}`);
  const hashes = algorithm.hashes.filter((hash) => algorithm.paddings.some((padding) => signsSo(hash, padding)));
  const usable = algorithm.paddings.filter((padding) => hashes.every((hash) => signsSo(hash, padding)));
  return usable.length === 0 || hashes.length === 0 ? undefined : { type: 'rsa', hashes, paddings: usable };
}

function inKms(hash: HashName): string {
  return hash.replace('sha', 'SHA_');
}
