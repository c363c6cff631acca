import { createHash } from 'node:crypto';
import { at, encode, tagged } from '../../der.ts';
import type { LogKey } from '../../trust/root/trust-root.ts';
import { inWindow } from '../../trust/root/window.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { attempt } from '../attempt.ts';
import { sameBytes } from '../crypto.ts';
import { isSignedByLog } from '../log/log-signature.ts';

const sctList = '1.3.6.1.4.1.11129.2.4.2';

/** A signed certificate time stamp (RFC 6962 section 3.2). */
interface Sct {
  readonly logId: Buffer;
  /** Eight bytes; milliseconds since 1970. */
  readonly timestamp: Buffer;
  readonly extensions: Buffer;
  readonly signature: Buffer;
}

/**
 * Why no certificate log vouches for a certificate that `issuer` issued. Of the logs that are believed one has to; what others are said
 * to have signed is let be, and what one of these is said to have signed must verify.
 */
export function unlogged(certificate: Certificate, issuer: Certificate, logs: readonly LogKey[]): string | undefined {
  const list = certificate.extensions.get(sctList);
  if (list === undefined) return 'none is in it';
  const scts = attempt(() => readScts(list.content().octets));
  if ('error' in scts) return 'those in it do not parse';
  let vouched = false;
  for (const sct of scts) {
    const named = logs.filter(({ keyId }) => sameBytes(keyId, sct.logId));
    if (named.length === 0) continue;
    const signed = signedBytes(sct, certificate, issuer);
    const time = Number(sct.timestamp.readBigUInt64BE());
    if (!named.some((log) => inWindow(log.validFor, time) && isSignedByLog(signed, sct.signature, log))) {
      return 'one does not verify';
    }
    vouched = true;
  }
  return vouched ? undefined : 'those in it are of unknown logs';
}

/** What a log signs of a certificate before it is issued. */
function signedBytes({ timestamp, extensions }: Sct, certificate: Certificate, issuer: Certificate): Buffer {
  const issuerKey = createHash('sha256').update(issuer.subjectPublicKeyInfo.raw).digest();
  const tbs = withoutScts(certificate);
  return Buffer.concat([
    Uint8Array.of(0, 0),
    timestamp,
    Uint8Array.of(0, 1),
    issuerKey,
    sized(tbs, 3),
    sized(extensions, 2),
  ]);
}

/** The TBSCertificate as it was before the time stamps came into it. */
function withoutScts({ tbs }: Certificate): Buffer {
  const list = tagged(tbs, 3);
  const parts = tbs.subs.map((part) => {
    if (part !== list) return part.raw;
    const kept = at(list, 0).subs.filter((each) => !(each.isSequence && at(each, 0).toOID() === sctList));
    return encode(0xa3, encode(0x30, ...kept.map(({ raw }) => raw)));
  });
  return encode(0x30, ...parts);
}

function sized(bytes: Uint8Array, width: number): Buffer {
  const size = Buffer.alloc(width);
  size.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([size, bytes]);
}

/** SignedCertificateTimestampList (RFC 6962 section 3.3), in TLS's encoding. Throws. */
function readScts(bytes: Buffer): Sct[] {
  const list = new Reader(bytes).block(2, 'whole');
  const reader = new Reader(list);
  const scts: Sct[] = [];
  while (!reader.done) scts.push(readSct(reader.block(2)));
  return scts;
}

function readSct(bytes: Buffer): Sct {
  const reader = new Reader(bytes);
  const [version] = reader.bytes(1);
  if (version !== 0) throw new Error('a certificate time stamp of an unknown version');
  const logId = reader.bytes(32);
  const timestamp = reader.bytes(8);
  const extensions = reader.block(2);
  const [hash, kind] = reader.bytes(2);
  // SHA-256 with ECDSA or RSA (RFC 6962 section 2.1.4), by their numbers in TLS 1.2.
  if (hash !== 4 || (kind !== 3 && kind !== 1)) throw new Error('a certificate time stamp by another algorithm');
  return { logId, timestamp, extensions, signature: reader.block(2, 'whole') };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Error('the certificate time stamps end too early');
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  /** Bytes behind their size; `whole`: nothing stands behind them. */
  block(width: number, extent?: 'whole'): Buffer {
    const found = this.bytes(this.bytes(width).readUIntBE(0, width));
    if (extent === 'whole' && !this.done) throw new Error('something stands behind the certificate time stamps');
    return found;
  }
}
