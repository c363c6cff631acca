import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';

/**
 * Whether a log entry is about a signature by this key. @sigstore/verify compares signature and digest and lets an entry
 * that names another key pass. An entry may name a certificate: the key in it is what counts.
 * Throws, or answers false, for what is no entry of a kind below.
 */
export function isEntryOf(entry: TransparencyLogEntry, signer: KeyObject): boolean {
  const named = namedKey(JSON.parse(entry.canonicalizedBody.toString('utf8')));
  return named?.equals(signer) ?? false;
}

/** The key that the body of an entry names, at the place that its kind and version give. */
function namedKey(body: unknown): KeyObject | undefined {
  const spec = (...path: readonly (string | number)[]) => at(body, 'spec', ...path);
  switch (`${at(body, 'kind')} ${at(body, 'apiVersion')}`) {
    case 'hashedrekord 0.0.1':
      return fromPem(spec('signature', 'publicKey', 'content'));
    case 'dsse 0.0.1':
      return fromPem(spec('signatures', 0, 'verifier'));
    case 'intoto 0.0.2':
      return fromPem(spec('content', 'envelope', 'signatures', 0, 'publicKey'));
    case 'hashedrekord 0.0.2':
      return fromVerifier(spec('hashedRekordV002', 'signature', 'verifier'));
    case 'dsse 0.0.2':
      return fromVerifier(spec('dsseV002', 'signatures', 0, 'verifier'));
    default:
      return undefined;
  }
}

/** Rekor v1: the base64 of a PEM public key or certificate. */
function fromPem(content: unknown): KeyObject | undefined {
  if (typeof content !== 'string') return undefined;
  const pem = Buffer.from(content, 'base64').toString('latin1');
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return new X509Certificate(pem).publicKey;
  return pem.includes('-----BEGIN PUBLIC KEY-----') ? createPublicKey(pem) : undefined;
}

/** Rekor v2: DER, either a public key or a certificate; the public key is the one read where both are there, as protobuf does. */
function fromVerifier(verifier: unknown): KeyObject | undefined {
  const key = at(verifier, 'publicKey', 'rawBytes');
  if (typeof key === 'string') return createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
  const certificate = at(verifier, 'x509Certificate', 'rawBytes');
  return typeof certificate === 'string'
    ? new X509Certificate(Buffer.from(certificate, 'base64')).publicKey
    : undefined;
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}
