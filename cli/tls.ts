import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { selfSigned } from '../local/tls.ts';
import { isEncrypted, labelOf, type PemBlock, readPem } from '../shared/pem.ts';
import { messageOf } from '../shared/reasons.ts';
import { type Arguments, single } from './arguments.ts';
import { fileIn } from './certificates.ts';
import { UsageError } from './usage.ts';

/** In PEM. */
export interface ServerTls {
  readonly certPem: string;
  readonly keyPem: string;
}

/**
 * The certificate and key of `--tls-cert` and `--tls-key`, which are tried here: what does not fit would be noticed by the first call of
 * an API server. Without them, a certificate for this run, for `host` too. Throws UsageError, which names the option and the file.
 */
export async function tlsFrom(found: Arguments, host: string): Promise<ServerTls> {
  const cert = single(found, 'tls-cert', undefined);
  const key = single(found, 'tls-key', undefined);
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--tls-cert and --tls-key are needed together: give both, or neither');
  if (cert === undefined || key === undefined) {
    process.stderr.write('no --tls-cert: this run has made a certificate of its own, which no client trusts\n');
    return selfSigned({ names: [...new Set(['localhost', '127.0.0.1', '::1', host])] });
  }
  const certPem = await textIn(cert, '--tls-cert');
  const keyPem = await textIn(key, '--tls-key');
  const certificate = certificateIn(certPem, `--tls-cert: ${cert}`);
  if (!certificate.checkPrivateKey(privateKeyIn(keyPem, `--tls-key: ${key}`))) {
    throw new UsageError(`--tls-key: ${key} does not belong to the certificate of --tls-cert, the first in ${cert}`);
  }
  try {
    // The rest of the chain, and keys that OpenSSL finds too weak.
    createSecureContext({ cert: certPem, key: keyPem });
  } catch (thrown) {
    throw new UsageError(`--tls-cert: ${cert} with --tls-key ${key} cannot be used: ${messageOf(thrown)}`);
  }
  return { certPem, keyPem };
}

async function textIn(file: string, setting: string): Promise<string> {
  return (await fileIn(file, setting)).toString('latin1');
}

/** The server's own, which stands first. The key may be in the same file. */
function certificateIn(text: string, where: string): X509Certificate {
  const { blocks } = readPem(text);
  const first = blocks.find(({ label }) => label === 'CERTIFICATE');
  if (first === undefined) throw new UsageError(`${where} holds no certificate in PEM${instead(blocks)}`);
  try {
    return new X509Certificate(first.text);
  } catch {
    throw new UsageError(`${where} cannot be read: its first certificate does not parse`);
  }
}

function privateKeyIn(text: string, where: string): KeyObject {
  const { blocks } = readPem(text);
  const key = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (key === undefined) throw new UsageError(`${where} holds no private key in PEM${instead(blocks)}`);
  if (isEncrypted(key)) {
    throw new UsageError(
      `${where} is encrypted, and nobody is asked for its passphrase: give the key without one (openssl pkey -in FILE -out PLAIN)`,
    );
  }
  try {
    return createPrivateKey(key.text);
  } catch {
    throw new UsageError(`${where} cannot be read: its private key does not parse`);
  }
}

/** What a file holds in place of what is wanted; DER holds nothing that is told. */
function instead([first]: readonly PemBlock[]): string {
  return first === undefined ? ' (a file in DER has to be converted)' : `, but ${labelOf(first)}`;
}
