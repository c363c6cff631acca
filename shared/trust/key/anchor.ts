import type { KeysAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import type { AnchorBase, AnchorKind } from '../anchor.ts';
import { chainOf } from '../certificates.ts';
import { hashedOfLog, type LogTrust, logTrust } from '../log.ts';
import { type KeyAlgorithm, keyAlgorithm, parsePublicKey, type SigningKey } from '../public-key.ts';
import type { CertificateAuthority } from '../root/trust-root.ts';

/** Whoever holds the key that belongs to this one. */
export interface KeyAnchor extends AnchorBase, SigningKey {
  readonly kind: 'key';
  /** `undefined`: the log is ignored. */
  readonly log: LogTrust | undefined;
  /** Time stamps that a signature carries have to be of this authority; `undefined`: they say nothing, since a key has no end. */
  readonly timestampAuthority: CertificateAuthority | undefined;
}

/** Each PEM block of an attestor is an anchor of its own. Refusals: key-invalid, trust-missing. */
export const keyAnchors: AnchorKind<KeysAttestor, KeyAnchor> = {
  kind: 'key',
  build({ publicKeys, rekor, ctlog, signatureAlgorithm }, path, inherited, root) {
    if (publicKeys.length === 0) throw new Refusal('key-invalid', `${path}.keys: no public key`);
    const log = logTrust(rekor, `${path}.keys`, root);
    const { tsaCertChain } = ctlog;
    const timestampAuthority =
      tsaCertChain === undefined ? undefined : chainOf(tsaCertChain, `${path}.keys.ctlog.tsaCertChain`);
    return publicKeys.map((pem, index) => {
      const where = publicKeys.length === 1 ? `${path}.keys` : `${path}.keys[${index}]`;
      const key = parsePublicKey(pem, where);
      const algorithm = keyAlgorithm(key, signatureAlgorithm, where);
      const hashed = [key.spki, ...hashedOfAlgorithm(algorithm), ...hashedOfLog(log), tsaCertChain ?? ''];
      const own = { path: publicKeys.length === 1 ? path : where, algorithm, log, timestampAuthority, hashed };
      return { kind: 'key', ...key, ...own, ...inherited };
    });
  },
};

function hashedOfAlgorithm(algorithm: KeyAlgorithm): (string | number)[] {
  if (algorithm.type === 'ed25519') return [algorithm.type];
  const paddings = algorithm.type === 'rsa' ? algorithm.paddings : [];
  return [algorithm.type, algorithm.hashes.length, ...algorithm.hashes, paddings.length, ...paddings];
}
