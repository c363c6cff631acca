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

const dashes = '-----';
/** Two marks may share the dashes between them. */
const mark = /-----(BEGIN|END) ([^-\r\n]+)(?=-----)/g;
const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A public key's labels, with the encoding that each stands for: SubjectPublicKeyInfo, and PKCS #1 for RSA alone. */
const encodings: Readonly<Record<string, 'spki' | 'pkcs1'>> = { 'PUBLIC KEY': 'spki', 'RSA PUBLIC KEY': 'pkcs1' };

/**
 * The blocks of a text in their order, each from its BEGIN to the next END of that label; whether they hold what they say is left to who
 * reads them. It takes one pass however many BEGINs have no END, since the text may be anybody's.
 */
export function readPem(text: string): Pem {
  const marks = [...text.matchAll(mark)].map(({ 0: all, 1: kind, 2: label = '', index }) => {
    return { kind, label, start: index, end: index + all.length + dashes.length };
  });
  const ends = Map.groupBy(marks.filter(({ kind }) => kind === 'END').reverse(), ({ label }) => label);
  const blocks: PemBlock[] = [];
  let rest = '';
  let read = 0;
  for (const { kind, label, start, end } of marks) {
    if (kind === 'END' || start < read) continue;
    const left = ends.get(label) ?? [];
    // Those that stand before it end no later one either.
    while ((left.at(-1)?.start ?? end) < end) left.pop();
    const last = left.at(-1);
    if (last === undefined) continue;
    blocks.push({ label, text: text.slice(start, last.end), body: text.slice(end, last.start) });
    rest += text.slice(read, start);
    read = last.end;
  }
  return { blocks, rest: rest + text.slice(read) };
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

/** What a body that is base64 and nothing else stands for; `undefined` for any other. */
export function derIn(body: string): Buffer | undefined {
  const bare = body.replace(/\s+/g, '');
  return base64.test(bare) ? Buffer.from(bare, 'base64') : undefined;
}
