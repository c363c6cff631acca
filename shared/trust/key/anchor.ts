import type { KeysAttestor } from '../../policy/policy.ts';
import { Refusal } from '../../reasons.ts';
import type { AnchorBase, AnchorKind } from '../anchor.ts';
import { chainOf } from '../certificates.ts';
import type { KmsAnswers } from '../kms.ts';
import { hashedOfLog, type LogTrust, logTrust } from '../log.ts';
import { type KeyAlgorithm, keyAlgorithm, parsePublicKey, type SigningKey } from '../public-key.ts';
import type { CertificateAuthority } from '../root/trust-root.ts';
import { kmsSigningKey } from './kms.ts';

/** Whoever holds the key that belongs to this one. */
export interface KeyAnchor extends AnchorBase, SigningKey {
  readonly kind: 'key';
  /** `undefined`: the log is ignored. */
  readonly log: LogTrust | undefined;
  /** One of the time stamps that a signature carries has to be of these; empty: they say nothing, since a key has no end. */
  readonly timestampAuthorities: readonly CertificateAuthority[];
}

/** Each PEM block of an attestor is an anchor of its own, and so is a key in a KMS. Refusals: key-invalid, trust-missing, kms-unavailable. */
export const keyAnchors: AnchorKind<KeysAttestor, KeyAnchor> = {
  kind: 'key',
  build(attestor, path, inherited, root, kms) {
    const { rekor, ctlog } = attestor;
    const log = logTrust(rekor, `${path}.keys`, root);
    const { tsaCertChain } = ctlog;
    const timestampAuthorities =
      tsaCertChain === undefined ? [] : [chainOf(tsaCertChain, `${path}.keys.ctlog.tsaCertChain`)];
    return keysOf(attestor, path, kms).map(([own, key]) => {
      const hashed = [key.spki, ...hashedOfAlgorithm(key.algorithm), ...hashedOfLog(log), tsaCertChain ?? ''];
      return { kind: 'key', path: own, ...key, log, timestampAuthorities, hashed, ...inherited };
    });
  },
};

/** The keys of an attestor, each with the path of its anchor. */
function keysOf(
  { publicKeys, kms, signatureAlgorithm }: KeysAttestor,
  path: string,
  answers: KmsAnswers,
): [string, SigningKey][] {
  const at = `${path}.keys`;
  if (kms !== undefined) {
    const key = answers.get(kms) ?? new Refusal('kms-unavailable', `AWS KMS was not asked for ${kms}`);
    if (key instanceof Refusal) throw new Refusal(key.reason, `${at}: ${key.message}`, { cause: key });
    return [[path, kmsSigningKey(key, signatureAlgorithm, at, kms)]];
  }
  if (publicKeys.length === 0) throw new Refusal('key-invalid', `${at}: no public key`);
  return publicKeys.map((pem, index) => {
    const where = publicKeys.length === 1 ? at : `${at}[${index}]`;
    const key = parsePublicKey(pem, where);
    const algorithm = keyAlgorithm(key, signatureAlgorithm, where);
    return [publicKeys.length === 1 ? path : where, { ...key, algorithm }];
  });
}

function hashedOfAlgorithm(algorithm: KeyAlgorithm): (string | number)[] {
  if (algorithm.type === 'ed25519') return [algorithm.type];
  const paddings = algorithm.type === 'rsa' ? algorithm.paddings : [];
  return [algorithm.type, algorithm.hashes.length, ...algorithm.hashes, paddings.length, ...paddings];
}
