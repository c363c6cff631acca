import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { parseJsonText } from '../../json-text.ts';
import type { HashName } from '../../trust/public-key.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { digestOf, sameBytes } from '../crypto.ts';
import type { Signature } from '../signature.ts';

/** Whom a log entry must name. */
export interface EntrySigner {
  readonly publicKey: KeyObject;
  /** Where the signer has one: an entry that names a certificate must then name this one. */
  readonly certificate?: Certificate | undefined;
}

/** What an entry says: which bytes were signed, how, and by whom. */
interface Recorded {
  /** `undefined`: it is told by the hash of the envelope that holds it. */
  readonly signature: Uint8Array | undefined;
  /** Of the bytes that the signature is over, of the envelope's payload, or of the envelope as it was attached. */
  readonly digest: Uint8Array;
  readonly of: 'message' | 'payload' | 'envelope';
  /** DER of a public key or a certificate, or PEM of one. */
  readonly by: { readonly key: Buffer } | { readonly certificate: Buffer };
}

const hashBySize: Readonly<Record<number, 'sha256' | 'sha384' | 'sha512'>> = {
  32: 'sha256',
  48: 'sha384',
  64: 'sha512',
};

/**
 * Why an entry is not about this signature: it has to name the signature, the bytes that were signed, and the signer. Throws where the
 * body does not parse.
 */
export function foreignIn(entry: TransparencyLogEntry, signature: Signature, signer: EntrySigner): string | undefined {
  const recorded = readBody(entry);
  if (recorded === undefined) return 'is of a kind that is not read';
  const { signature: named = signature.bytes } = recorded;
  if (!sameBytes(named, signature.bytes)) return 'names another signature';
  const hash = hashBySize[recorded.digest.length];
  const digest = hash === undefined ? undefined : digestOfSigned(signature, recorded.of, hash);
  if (digest === undefined || !sameBytes(recorded.digest, digest)) return 'is about other bytes';
  if (isBy(recorded.by, signer)) return undefined;
  return signer.certificate === undefined ? 'names another key' : 'names another certificate';
}

function digestOfSigned(signature: Signature, of: Recorded['of'], hash: HashName): Uint8Array | undefined {
  if (of === 'message') return signature.digest(hash);
  if (of === 'envelope') return signature.envelope(hash);
  return signature.payload === undefined ? undefined : digestOf(hash, signature.payload);
}

function isBy(by: Recorded['by'], { publicKey, certificate }: EntrySigner): boolean {
  if ('key' in by) {
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    return spki.equals(by.key) || createPublicKey({ key: by.key, format: 'der', type: 'spki' }).equals(publicKey);
  }
  if (certificate !== undefined) return certificate.der.equals(by.certificate);
  return new X509Certificate(by.certificate).publicKey.equals(publicKey);
}

/** Rekor v1 (rekor pkg/types) and v2 (protobuf-specs, rekor/v2); `undefined`: of another kind. */
function readBody({ canonicalizedBody, kindVersion }: TransparencyLogEntry): Recorded | undefined {
  const body: unknown = parseJsonText(canonicalizedBody.toString('utf8'));
  const spec = (...path: readonly (string | number)[]) => at(body, 'spec', ...path);
  const kind = `${at(body, 'kind')} ${at(body, 'apiVersion')}`;
  if (kind !== `${kindVersion?.kind} ${kindVersion?.version}`)
    throw new Error('the entry is of another kind than its body');
  switch (kind) {
    case 'hashedrekord 0.0.1':
    case 'rekord 0.0.1':
      // What cosign had logged before 1.3 says the same, but may be of a signature of another kind.
      if (
        kind === 'rekord 0.0.1' &&
        (spec('signature', 'format') !== 'x509' || spec('data', 'hash', 'algorithm') !== 'sha256')
      ) {
        throw new Error('the entry is of a signature of another kind');
      }
      return {
        signature: base64(spec('signature', 'content')),
        digest: hex(spec('data', 'hash', 'value')),
        of: 'message',
        by: fromPem(base64(spec('signature', 'publicKey', 'content'))),
      };
    case 'dsse 0.0.1':
      onlyOne(spec('signatures'));
      return {
        signature: base64(spec('signatures', 0, 'signature')),
        digest: hex(spec('payloadHash', 'value')),
        of: 'payload',
        by: fromPem(base64(spec('signatures', 0, 'verifier'))),
      };
    case 'intoto 0.0.1':
      // The envelope's own hash alone, whatever comes along with it: so it says nothing of one in a bundle, whose bytes nobody has.
      return {
        signature: undefined,
        digest: hex(spec('content', 'hash', 'value')),
        of: 'envelope',
        by: fromPem(base64(spec('publicKey'))),
      };
    case 'intoto 0.0.2':
      onlyOne(spec('content', 'envelope', 'signatures'));
      return {
        // Written in base64 twice.
        signature: base64(base64(spec('content', 'envelope', 'signatures', 0, 'sig')).toString('latin1')),
        digest: hex(spec('content', 'payloadHash', 'value')),
        of: 'payload',
        by: fromPem(base64(spec('content', 'envelope', 'signatures', 0, 'publicKey'))),
      };
    case 'hashedrekord 0.0.2':
      return {
        signature: base64(spec('hashedRekordV002', 'signature', 'content')),
        digest: base64(spec('hashedRekordV002', 'data', 'digest')),
        of: 'message',
        by: fromVerifier(spec('hashedRekordV002', 'signature', 'verifier')),
      };
    case 'dsse 0.0.2':
      onlyOne(spec('dsseV002', 'signatures'));
      return {
        signature: base64(spec('dsseV002', 'signatures', 0, 'content')),
        digest: base64(spec('dsseV002', 'payloadHash', 'digest')),
        of: 'payload',
        by: fromVerifier(spec('dsseV002', 'signatures', 0, 'verifier')),
      };
    default:
      return undefined;
  }
}

/** Rekor v1: a PEM public key or certificate. */
function fromPem(pem: Buffer): Recorded['by'] {
  const [, label, body = ''] =
    /-----BEGIN (CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(pem.toString('latin1')) ?? [];
  if (label === undefined) throw new Error('the entry names no key');
  const der = Buffer.from(body, 'base64');
  return label === 'CERTIFICATE' ? { certificate: der } : { key: der };
}

/** Rekor v2: DER, either a public key or a certificate; the key is the one read where both are there, as protobuf does. */
function fromVerifier(verifier: unknown): Recorded['by'] {
  const key = at(verifier, 'publicKey', 'rawBytes');
  return key === undefined
    ? { certificate: base64(at(verifier, 'x509Certificate', 'rawBytes')) }
    : { key: base64(key) };
}

function onlyOne(signatures: unknown): void {
  if (!Array.isArray(signatures) || signatures.length !== 1) throw new Error('the entry has other than one signature');
}

function base64(text: unknown): Buffer {
  if (typeof text !== 'string') throw new Error('a text is missing in the entry');
  return Buffer.from(text, 'base64');
}

function hex(text: unknown): Buffer {
  if (typeof text !== 'string') throw new Error('a text is missing in the entry');
  return Buffer.from(text, 'hex');
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}
