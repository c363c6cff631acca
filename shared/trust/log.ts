import type { KeyObject } from 'node:crypto';
import type { KeysAttestor } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import { parsePublicKey } from './public-key.ts';

/** A transparency log that is believed: its key, and the log ID by which entries name it. */
export interface LogAnchor {
  readonly publicKey: KeyObject;
  readonly keyId: Uint8Array;
  readonly baseUrl: string;
}

const defaultUrl = 'https://rekor.sigstore.dev';

/**
 * The transparency log that an attestor asks for; `undefined` when it is ignored. The URL is never called: it is the name
 * by which checkpoints know the log. Throws Refusal `trust-missing` without a key to believe the log by, `key-invalid`.
 */
export function logAnchor(rekor: KeysAttestor['rekor'], where: string): LogAnchor | undefined {
  if (rekor.ignoreTlog) return undefined;
  if (rekor.pubkey === undefined) {
    throw new Refusal(
      'trust-missing',
      `${where}: the rule asks for an entry in the transparency log, but gives no log key: set rekor.pubkey, or rekor.ignoreTlog: true`,
    );
  }
  const { key, spki } = parsePublicKey(rekor.pubkey, `${where}.rekor.pubkey`);
  if (key.asymmetricKeyType === 'ed25519') {
    throw new Refusal('key-invalid', `${where}.rekor.pubkey: not supported yet: an Ed25519 key of a log (Rekor v2)`);
  }
  if (key.asymmetricKeyType !== 'ec') {
    throw new Refusal('key-invalid', `${where}.rekor.pubkey: the key of a log must be an ECDSA key`);
  }
  return { publicKey: key, keyId: Buffer.from(spki, 'hex'), baseUrl: rekor.url ?? defaultUrl };
}

/** What of the log is hashed into a check's hash. */
export function hashedOfLog(log: LogAnchor | undefined): readonly string[] {
  return log === undefined ? ['no log'] : ['log', Buffer.from(log.keyId).toString('hex'), log.baseUrl];
}
