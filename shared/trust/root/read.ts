import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import {
  type CertificateAuthority as AuthorityMessage,
  type TransparencyLogInstance,
  TrustedRoot,
} from '@sigstore/protobuf-specs';
import { messageOf } from '../../reasons.ts';
import { Certificate } from '../x509/certificate.ts';
import type { CertificateAuthority, TransparencyLog, TrustRoot, Window } from './trust-root.ts';

/** In bytes; a trusted root has some KB. */
export const largestRoot = 1024 * 1024;
const mediaType = 'application/vnd.dev.sigstore.trustedroot';

/** A trust root, and what of it is not read, so not trusted: a key of a kind that is not known here. */
export interface ReadTrustRoot {
  readonly root: TrustRoot;
  readonly unread: readonly string[];
}

/** Reads a `trusted_root.json` (protobuf-specs, sigstore_trustroot.proto). Throws where it is none, or nothing in it can be trusted. */
export function readTrustRoot(bytes: Uint8Array): ReadTrustRoot {
  if (bytes.byteLength > largestRoot) throw new Error(`it is larger than ${largestRoot} bytes`);
  const message = TrustedRoot.fromJSON(JSON.parse(Buffer.from(bytes).toString('utf8')));
  if (!message.mediaType.startsWith(mediaType)) throw new Error('the media type is not that of a trusted root');
  const unread: string[] = [];
  const each = <M, T>(what: string, messages: readonly M[], read: (message: M) => T): T[] =>
    messages.flatMap((one, index) => {
      try {
        return [read(one)];
      } catch (thrown) {
        unread.push(`${what}[${index}]: ${messageOf(thrown)}`);
        return [];
      }
    });
  const root: TrustRoot = {
    authorities: each('certificateAuthorities', message.certificateAuthorities, readAuthority),
    certificateLogs: each('ctlogs', message.ctlogs, readLog),
    transparencyLogs: each('tlogs', message.tlogs, readLog),
    timestampAuthorities: each('timestampAuthorities', message.timestampAuthorities, readAuthority),
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
  if (root.authorities.length === 0 && root.transparencyLogs.length === 0) {
    throw new Error(unread[0] ?? 'it names no authority and no log');
  }
  return { root, unread };
}

function readAuthority({ certChain, validFor }: AuthorityMessage): CertificateAuthority {
  const certificates = (certChain?.certificates ?? []).map(({ rawBytes }) => new Certificate(rawBytes));
  const root = certificates.at(-1);
  if (root === undefined) throw new Error('an authority without certificates');
  return { root, intermediates: certificates.slice(0, -1), validFor: windowOf(validFor) };
}

function readLog({ baseUrl, publicKey, logId, checkpointKeyId }: TransparencyLogInstance): TransparencyLog {
  if (publicKey?.rawBytes === undefined) throw new Error('a log without a key');
  const keyId = logId?.keyId ?? checkpointKeyId?.keyId;
  if (keyId === undefined || keyId.length < 4) throw new Error('a log without an ID');
  return { baseUrl, publicKey: keyOf(publicKey.rawBytes), keyId, validFor: windowOf(publicKey.validFor) };
}

function keyOf(der: Buffer): KeyObject {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return createPublicKey({ key: der, format: 'der', type: 'pkcs1' });
  }
}

/** Without a start nothing says since when it is trusted, so it never is. */
function windowOf(range: { readonly start?: Date | undefined; readonly end?: Date | undefined } | undefined): Window {
  if (range?.start === undefined) throw new Error('it does not say since when it is trusted');
  return { start: range.start.getTime(), end: range.end?.getTime() ?? Number.POSITIVE_INFINITY };
}
