import type { KeyObject } from 'node:crypto';
import type { Repository } from '../image/repository.ts';

/**
 * What `verify` is asked, digest apart: anchors and every setting that can change its answer. It holds no policy or rule
 * name, so that `x` and `autogen-x` ask the same check.
 */
export interface Check {
  /** Which kinds of evidence count as a signature. */
  readonly accepts: { readonly cosignSignature: boolean; readonly sigstoreBundle: boolean };
  /** Every set must be satisfied. Never empty. */
  readonly sets: readonly AnchorSet[];
  /** The signature repositories that are read; `undefined` stands for the image's own. Never empty. */
  readonly repositories: readonly (Repository | undefined)[];
  /** SHA-256, hex, over all of the above, each part length-prefixed. */
  readonly hash: string;
}

export interface AnchorSet {
  readonly kind: 'set';
  /** `attestors[0]`, or `attestors[0].entries[1].attestor` of a nested set. */
  readonly path: string;
  /** How many anchors must verify, by different keys; `all`: each of them. */
  readonly need: number | 'all';
  readonly anchors: readonly Anchor[];
}

export type Anchor = KeyAnchor | AnchorSet;

export interface KeyAnchor {
  readonly kind: 'key';
  /** `attestors[0].entries[1]`; with several PEM blocks in one entry, `attestors[0].entries[1].keys[2]`. */
  readonly path: string;
  /** SHA-256, hex, of the SubjectPublicKeyInfo's DER: who this is. */
  readonly spki: string;
  readonly key: KeyObject;
  readonly algorithm: KeyAlgorithm;
  /** Every one must be among the signature's annotations, with exactly this value. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly repository: Repository | undefined;
  /** `undefined`: the log is ignored. */
  readonly log: LogAnchor | undefined;
}

export type HashName = 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** How signatures by this key are checked; any one way that verifies is enough. */
export type KeyAlgorithm =
  | { readonly type: 'ecdsa'; readonly hashes: readonly HashName[] }
  | { readonly type: 'rsa'; readonly hashes: readonly HashName[]; readonly paddings: readonly ('pkcs1v15' | 'pss')[] }
  | { readonly type: 'ed25519'; readonly raw: Uint8Array };

/** A transparency log that is believed: its key, and the log ID by which entries name it. */
export interface LogAnchor {
  readonly publicKey: KeyObject;
  readonly keyId: Uint8Array;
  readonly baseUrl: string;
}
