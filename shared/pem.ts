import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

/** One block of PEM (RFC 7468), as it stands in a text. */
export interface PemBlock {
  /** `PUBLIC KEY`. */
  readonly label: string;
  readonly text: string;
  readonly body: string;
}

export interface Pem {
  readonly blocks: readonly PemBlock[];
  /** What stands before, between and after them. */
  readonly rest: string;
}

const block = /-----BEGIN ([^-\r\n]+)-----([\s\S]*?)-----END \1-----/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A public key's labels, with the encoding that each stands for: SubjectPublicKeyInfo, and PKCS #1 for RSA alone. */
const encodings: Readonly<Record<string, 'spki' | 'pkcs1'>> = { 'PUBLIC KEY': 'spki', 'RSA PUBLIC KEY': 'pkcs1' };

/** The blocks of a text in their order; whether they hold what they say is left to who reads them. */
export function readPem(text: string): Pem {
  const blocks = [...text.matchAll(block)].map(([all, label = '', body = '']) => ({ label, text: all, body }));
  return { blocks, rest: text.replace(block, '') };
}

/** What a block says it is, with its article, for messages: `a PUBLIC KEY`, `an EC PRIVATE KEY`. */
export function labelOf({ label }: PemBlock): string {
  return `${/^(?:[AEIOU]|RSA|X\d)/.test(label) ? 'an' : 'a'} ${label.slice(0, 40)}`;
}

/** Whether a private key needs a passphrase, in PKCS #8 or in the older form (RFC 1421 §4.6.1.1). */
export function isEncrypted({ label, body }: PemBlock): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: *4, *ENCRYPTED/m.test(body);
}

export function isPublicKeyBlock({ label }: PemBlock): boolean {
  return Object.hasOwn(encodings, label);
}

/** The public key of a block, which holds base64 and nothing else; `undefined` where it is none. Never throws. */
export function publicKeyIn({ label, body }: PemBlock): KeyObject | undefined {
  const type = Object.hasOwn(encodings, label) ? encodings[label] : undefined;
  const der = derIn(body);
  if (type === undefined || der === undefined) return undefined;
  try {
    return createPublicKey({ key: der, format: 'der', type });
  } catch {
    return undefined;
  }
}

/** The certificate of a block, which holds it in base64 and nothing else; `undefined` where it is none. Never throws. */
export function certificateIn({ label, body }: PemBlock): X509Certificate | undefined {
  const der = derIn(body);
  if (label !== 'CERTIFICATE' || der === undefined) return undefined;
  try {
    const certificate = new X509Certificate(der);
    return certificate.raw.length === der.length ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function derIn(body: string): Buffer | undefined {
  const bare = body.replace(/\s+/g, '');
  return base64.test(bare) ? Buffer.from(bare, 'base64') : undefined;
}
