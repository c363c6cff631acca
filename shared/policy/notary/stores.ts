import type { X509Certificate } from 'node:crypto';
import { certificateIn, labelOf, readPem } from '../../pem.ts';
import { quoted } from '../../printable.ts';
import type { Place } from '../kyverno/place.ts';
import type { Report } from '../kyverno/report.ts';
import { isStoreName, isStoreType } from './paths.ts';
import type { NotaryStore, NotaryStoreFile, NotaryStoreType } from './trust-policy.ts';

/** Stores of one statement, and certificates of one file. */
const mostStores = 32;
const mostCertificates = 200;

/** The stores of a folder, by `type:name`. */
export type StoreFiles = ReadonlyMap<string, readonly NotaryStoreFile[]>;

/** `trustStores` of a statement that asks for something; `undefined` where the report says why not. */
export function readStores(
  texts: readonly string[],
  files: StoreFiles,
  place: Place,
  report: Report,
): readonly NotaryStore[] | undefined {
  if (texts.length > mostStores) {
    report.problem(place, `has more than ${mostStores} trust stores`);
    return undefined;
  }
  const stores = texts.map((text, index) => readStore(text, files, place.item(index), report));
  const found = stores.filter((store) => store !== undefined);
  return found.length === texts.length ? found : undefined;
}

function readStore(text: string, stores: StoreFiles, at: Place, report: Report): NotaryStore | undefined {
  const colon = text.indexOf(':');
  const type = text.slice(0, Math.max(colon, 0));
  const name = text.slice(colon + 1);
  if (colon === -1) report.problem(at, `${quoted(text, 120)} is no trust store: write TYPE:NAME, as ca:acme`);
  else if (!isStoreType(type))
    report.problem(at, `${quoted(text, 120)} has a type that is none of ca, signingAuthority, tsa`);
  else if (!isStoreName(name)) {
    report.problem(at, `${quoted(text, 120)} has a name with another sign than a-z, A-Z, 0-9, '_', '.' and '-'`);
  } else {
    const files = stores.get(text);
    if (files !== undefined) return { type, name, files };
    report.problem(at, `${quoted(text, 120)} has no certificate: put one into truststore/x509/${type}/${name}`);
  }
  return undefined;
}

/**
 * What is wrong with a file of a store, which is certificates in PEM or one in DER; `undefined` where nothing is. A store has CAs, or signers
 * who issued their own certificate; of time-stamp authorities roots alone.
 */
export function problemOfStoreFile({ bytes }: NotaryStoreFile, type: NotaryStoreType): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('latin1');
  if (!text.includes('-----BEGIN ')) {
    const certificate = certificateIn({ label: 'CERTIFICATE', text: '', body: buffer.toString('base64') });
    return certificate === undefined ? 'is neither a certificate in DER nor in PEM' : misplaced(certificate, type);
  }
  const { blocks } = readPem(text);
  if (blocks.length === 0) return 'holds no certificate: a block of PEM has no end';
  if (blocks.length > mostCertificates) return `holds more than ${mostCertificates} certificates`;
  for (const [index, block] of blocks.entries()) {
    const where = `in block ${index + 1}`;
    if (block.label !== 'CERTIFICATE')
      return `holds ${labelOf(block)}, ${where}: a trust store holds certificates alone`;
    const certificate = certificateIn(block);
    if (certificate === undefined) return `does not parse as a certificate, ${where}`;
    const problem = misplaced(certificate, type);
    if (problem !== undefined) return `${problem}, ${where}`;
  }
  return undefined;
}

function misplaced(certificate: X509Certificate, type: NotaryStoreType): string | undefined {
  if (isSelfIssued(certificate)) return undefined;
  if (type === 'tsa') return 'holds a certificate that is no root, as those of time-stamp authorities have to be';
  return certificate.ca
    ? undefined
    : "holds a signer's certificate, which a CA issued: put the CA there, and name the signer in trustedIdentities";
}

function isSelfIssued(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  } catch {
    // A key that is not known here.
    return false;
  }
}
