import { createHash } from 'node:crypto';
import type { RekorFields } from '../policy/policy.ts';
import { Refusal } from '../reasons.ts';
import { type PublicKey, parsePublicKey } from './public-key.ts';
import { always, type TransparencyLog, type TrustRoot } from './root/trust-root.ts';

/** Whose entries about a signature count. */
export interface LogTrust {
  /** Never empty. One log that is named in two ways is two. */
  readonly logs: readonly TransparencyLog[];
  /** In the words of messages: `carries no entry of {title}`. */
  readonly title: string;
  /** What of it can change what `verify` answers. */
  readonly hashed: readonly string[];
}

const defaultUrl = 'https://rekor.sigstore.dev';

/**
 * The transparency logs that an attestor asks for; `undefined` when they are ignored. Without a key of the policy's own they are those of
 * the trust root; a URL that is not the public log's names one of them. Throws Refusal `trust-missing` where there is nothing to believe
 * a log by, `key-invalid`.
 */
export function logTrust(rekor: RekorFields, where: string, root: TrustRoot | undefined): LogTrust | undefined {
  if (rekor.ignoreTlog) return undefined;
  if (rekor.pubkey !== undefined) return logOfKey(rekor.pubkey, rekor.url ?? defaultUrl, where);
  const logs = root === undefined ? [] : logsNamed(root.transparencyLogs, rekor.url);
  if (root === undefined || logs.length === 0)
    throw new Refusal('trust-missing', `${where}: ${unknownLog(rekor, root)}`);
  const title = isOther(rekor.url) ? `the log ${rekor.url}` : "the trust root's logs";
  return { logs, title, hashed: ['logs of the root', root.hash, isOther(rekor.url) ? rekor.url : ''] };
}

function unknownLog({ url }: RekorFields, root: TrustRoot | undefined): string {
  const asked = 'the rule asks for an entry in the transparency log, ';
  const mend = 'set rekor.pubkey, or rekor.ignoreTlog: true';
  if (root === undefined) return `${asked}but gives no log key, and there is no trust root: ${mend}`;
  return `${asked}and the trust root has no log${isOther(url) ? ` ${url}` : ''}: ${mend}, or give the trust root of your instance`;
}

/** The public log has many keys and a successor: its URL, which Kyverno asks to be written, stands for all that the root has. */
function isOther(url: string | undefined): url is string {
  return url !== undefined && bare(url) !== bare(defaultUrl);
}

function logsNamed(logs: readonly TransparencyLog[], url: string | undefined): readonly TransparencyLog[] {
  return isOther(url) ? logs.filter((log) => bare(log.baseUrl) === bare(url)) : logs;
}

function bare(url: string): string {
  return url.replace(/\/+$/, '');
}

function logOfKey(pem: string, baseUrl: string, where: string): LogTrust {
  const { key, spki } = parsePublicKey(pem, `${where}.rekor.pubkey`);
  if (key.asymmetricKeyType === 'rsa') {
    throw new Refusal('key-invalid', `${where}.rekor.pubkey: the key of a log must be an ECDSA or Ed25519 key`);
  }
  const log = { publicKey: key, baseUrl, validFor: always };
  const logs = keyIds({ key, spki }, baseUrl).map((keyId) => ({ ...log, keyId }));
  return { logs, title: `the log ${baseUrl}`, hashed: ['log', spki, baseUrl] };
}

/**
 * The IDs by which a log with this key is named: the SHA-256 of the key (Rekor v1); with Ed25519 that of the key of its checkpoints
 * (C2SP signed-note: name, newline, 0x01, key), as Rekor v2 has it, under each name that the log may sign under.
 */
function keyIds({ key, spki }: PublicKey, baseUrl: string): Uint8Array[] {
  const ids: Uint8Array[] = [Buffer.from(spki, 'hex')];
  const { x } = key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }) : {};
  if (x === undefined) return ids;
  const raw = Buffer.from(x, 'base64url');
  return [
    ...ids,
    ...namesOfLog(baseUrl).map((name) => createHash('sha256').update(`${name}\n\x01`).update(raw).digest()),
  ];
}

/** A log signs under the host that it is reached at, with its port or without, or under its whole address. */
export function namesOfLog(baseUrl: string): readonly string[] {
  const { host, hostname } = URL.parse(baseUrl) ?? {};
  const bareUrl = baseUrl.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  return [...new Set([bareUrl, host, hostname].filter((name) => name !== undefined))];
}

/** The logs' parts of a check's hash. */
export function hashedOfLog(log: LogTrust | undefined): readonly string[] {
  return log === undefined ? ['no log'] : log.hashed;
}
