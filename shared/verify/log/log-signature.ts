import { verify } from 'node:crypto';
import type { LogKey } from '../../trust/root/trust-root.ts';

/** Whether a log, of whichever kind, signed these bytes: ECDSA and RSA over SHA-256, Ed25519 over the bytes. Never throws. */
export function isSignedByLog(bytes: Uint8Array, signature: Uint8Array, { publicKey }: LogKey): boolean {
  try {
    return verify(publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, publicKey, signature);
  } catch {
    return false;
  }
}
