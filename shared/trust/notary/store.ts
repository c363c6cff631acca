import type { NotaryStore, NotaryStoreFile } from '../../policy/notary/trust-policy.ts';
import { messageOf, Refusal } from '../../reasons.ts';
import { Certificate, certificatesIn } from '../x509/certificate.ts';

/**
 * The certificates of a trust store (trust-store-trust-policy.md, "Trust Store"): of CAs, or of signers who issued their own; of those who
 * stamp time, roots alone. Throws Refusal `key-invalid`, which names store and file.
 */
export function certificatesOf(store: NotaryStore): readonly Certificate[] {
  const certificates = store.files.flatMap((file) => checked(store, file));
  if (certificates.length === 0) throw new Refusal('key-invalid', `${nameOf(store)} has no certificate`);
  return certificates;
}

function checked(store: NotaryStore, file: NotaryStoreFile): readonly Certificate[] {
  const where = `${nameOf(store)}: ${file.name}`;
  try {
    const certificates = read(file.bytes);
    for (const certificate of certificates) {
      const problem = problemOf(store, certificate);
      if (problem !== undefined) throw new Error(problem);
    }
    return certificates;
  } catch (thrown) {
    throw new Refusal('key-invalid', `${where}: ${messageOf(thrown)}`);
  }
}

/** PEM, any number of them, or one in DER, which begins with a SEQUENCE's tag: no text does, as it is the digit 0. */
function read(bytes: Uint8Array): readonly Certificate[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text.includes('-----BEGIN ') ? certificatesIn(text) : [new Certificate(bytes)];
}

function problemOf({ type }: NotaryStore, certificate: Certificate): string | undefined {
  if (type === 'tsa') {
    return certificate.isSelfIssued
      ? undefined
      : `a certificate is no root: a store of those who stamp time holds roots, which issued themselves`;
  }
  if (certificate.isAuthority || certificate.isSelfIssued) return undefined;
  return `a certificate is neither a CA's nor did its owner issue it: name the CA that issued it`;
}

function nameOf({ type, name }: NotaryStore): string {
  return `the trust store ${type}:${name}`;
}
