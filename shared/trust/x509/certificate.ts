import { type KeyObject, X509Certificate } from 'node:crypto';
import { type Asn1, at, largestDer, parseDer, tagged } from '../../der.ts';
import { readPem } from '../../pem.ts';

/** An extension of a certificate (RFC 5280 section 4.1.2.9). */
export interface Extension {
  readonly critical: boolean;
  /** extnValue, as it stands. */
  readonly value: Buffer;
  /** What is encoded in it; reading it throws where nothing is. */
  readonly content: () => Asn1;
}

/** What is understood of a certificate: another critical extension says something that nobody here knows how to heed. */
const understood: ReadonlySet<string> = new Set([
  '2.5.29.14', // subjectKeyIdentifier
  '2.5.29.15', // keyUsage
  '2.5.29.17', // subjectAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.35', // authorityKeyIdentifier
  '2.5.29.37', // extendedKeyUsage
]);

/** Bits of keyUsage (RFC 5280 section 4.2.1.3). */
export const keyUsages = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;
export type KeyUsage = keyof typeof keyUsages;

const noPathLength = Number.POSITIVE_INFINITY;
const keyUsageExtension = '2.5.29.15';
const basicConstraints = '2.5.29.19';
const extendedKeyUsage = '2.5.29.37';
const anyPurpose = '2.5.29.37.0';

/** With SHA-256 or longer. Others, SHA-1 among them, prove no longer who signed: two certificates can have the same signature. */
const strong: ReadonlySet<string> = new Set([
  '1.2.840.10045.4.3.2', // ecdsa-with-SHA256
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.11', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.3.101.112', // Ed25519
]);
const rsaPss = '1.2.840.113549.1.1.10';
const strongHashes: ReadonlySet<string> = new Set([
  '2.16.840.1.101.3.4.2.1', // SHA-256
  '2.16.840.1.101.3.4.2.2',
  '2.16.840.1.101.3.4.2.3',
]);

/**
 * An X.509 certificate (RFC 5280). Signatures, names and keys are read by node:crypto, extensions here; whatever is asked of a
 * damaged one throws.
 */
export class Certificate {
  readonly der: Buffer;
  readonly #x509: X509Certificate;
  #root: Asn1 | undefined;
  #publicKey: KeyObject | undefined;
  #extensions: ReadonlyMap<string, Extension> | undefined;
  #window: { readonly notBefore: number; readonly notAfter: number } | undefined;
  readonly #signedBy = new WeakMap<Certificate, boolean>();

  /** Throws where it does not parse. */
  constructor(der: Uint8Array) {
    if (der.byteLength > largestDer) throw new Error(`a certificate of over ${largestDer} bytes`);
    this.der = Buffer.from(der);
    this.#x509 = new X509Certificate(this.der);
    // What stands behind the certificate would be no part of it, and yet be compared.
    if (!this.#x509.raw.equals(this.der)) throw new Error('bytes stand behind the certificate');
  }

  get publicKey(): KeyObject {
    this.#publicKey ??= this.#x509.publicKey;
    return this.#publicKey;
  }

  /** As people write it: `CN=…`, one attribute a line. */
  get subject(): string {
    return this.#x509.subject;
  }

  /** Its names and identifiers say that `issuer` issued it; whether that one did is `isSignedBy`. */
  names(issuer: Certificate): boolean {
    return this.#x509.checkIssued(issuer.#x509);
  }

  /** Checked once for each issuer: by a CA's key that takes a millisecond. */
  isSignedBy(issuer: Certificate): boolean {
    let signed = this.#signedBy.get(issuer);
    if (signed === undefined) {
      signed = isStrong(at(this.tbs, 2)) && this.#x509.verify(issuer.publicKey);
      this.#signedBy.set(issuer, signed);
    }
    return signed;
  }

  /** `now`: milliseconds since 1970. Both ends belong to it (RFC 5280 section 4.1.2.5). */
  isValidAt(now: number): boolean {
    const { notBefore, notAfter } = this.window;
    return notBefore <= now && now < notAfter + 1000;
  }

  /** Milliseconds since 1970. */
  get window(): { readonly notBefore: number; readonly notAfter: number } {
    this.#window ??= { notBefore: this.#x509.validFromDate.getTime(), notAfter: this.#x509.validToDate.getTime() };
    return this.#window;
  }

  /** By OID. Throws where one is there twice (RFC 5280 section 4.2). */
  get extensions(): ReadonlyMap<string, Extension> {
    this.#extensions ??= readExtensions(this.tbs);
    return this.#extensions;
  }

  /** The part that is signed. */
  get tbs(): Asn1 {
    this.#root ??= parseDer(this.der);
    return at(this.#root, 0);
  }

  /** Issuer and serial number, as CMS names a signer (RFC 5652 section 10.2.4). */
  isNamed(issuer: Buffer, serialNumber: Buffer): boolean {
    return this.issuerName.value.equals(issuer) && at(this.tbs, 1).value.equals(serialNumber);
  }

  /** A Name, as it stands; two are one where their bytes are. */
  get issuerName(): Asn1 {
    return at(this.tbs, 3);
  }

  get subjectName(): Asn1 {
    return at(this.tbs, 5);
  }

  /** `issuer` signed it, and has the name that it says who issued it has, byte by byte. */
  isIssuedBy(issuer: Certificate): boolean {
    return this.issuerName.raw.equals(issuer.subjectName.raw) && this.isSignedBy(issuer);
  }

  /** It was issued by nobody but itself. */
  get isSelfIssued(): boolean {
    return this.isIssuedBy(this);
  }

  get subjectPublicKeyInfo(): Asn1 {
    return at(this.tbs, 6);
  }

  /** It is for this purpose, by name. */
  hasUsage(oid: string): boolean {
    return this.#purposes?.includes(oid) ?? false;
  }

  /** It is for this purpose and no other, and nobody may pass over that. */
  isOnlyFor(oid: string): boolean {
    return (
      this.#purposes?.length === 1 && this.hasUsage(oid) && this.extensions.get(extendedKeyUsage)?.critical === true
    );
  }

  /** Whether a CA may issue for this purpose: one that names purposes issues for those alone. */
  allows(oid: string): boolean {
    return this.#purposes === undefined || this.hasUsage(oid) || this.hasUsage(anyPurpose);
  }

  get #purposes(): readonly string[] | undefined {
    return this.extensions
      .get(extendedKeyUsage)
      ?.content()
      .subs.map((each) => each.toOID());
  }

  /** A critical extension that is not understood; with one, it says nothing that can be relied on. */
  get unknownCritical(): string | undefined {
    for (const [oid, { critical }] of this.extensions) if (critical && !understood.has(oid)) return oid;
    return undefined;
  }

  /** What its key is for; `undefined`: it does not say. */
  get keyUsage(): { readonly critical: boolean; has(usage: KeyUsage): boolean } | undefined {
    const extension = this.extensions.get(keyUsageExtension);
    if (extension === undefined) return undefined;
    const bits = extension.content();
    return { critical: extension.critical, has: (usage) => bits.hasBit(keyUsages[usage]) };
  }

  /** It says that it is a certificate of who issues some; whether it may is `pathLength`. */
  get isAuthority(): boolean {
    const [first] = this.extensions.get(basicConstraints)?.content().subs ?? [];
    return first?.isBoolean === true && first.toBoolean();
  }

  /** How many intermediates may stand below it; `undefined`: it may issue no certificates (RFC 5280 sections 4.2.1.3, 4.2.1.9). */
  get pathLength(): number | undefined {
    const constraints = this.extensions.get(basicConstraints)?.content();
    if (constraints === undefined || constraints.subs.length === 0 || !at(constraints, 0).toBoolean()) return undefined;
    if (this.keyUsage?.has('keyCertSign') === false) return undefined;
    return constraints.subs.length > 1 ? at(constraints, 1).toInteger() : noPathLength;
  }

  equals(other: Certificate): boolean {
    return this.der.equals(other.der);
  }
}

/** Whether what is signed by this AlgorithmIdentifier is signed with SHA-256 or longer. Throws. */
export function isStrong(algorithm: Asn1): boolean {
  const oid = at(algorithm, 0).toOID();
  if (oid !== rsaPss) return strong.has(oid);
  const hash = tagged(at(algorithm, 1), 0);
  return hash !== undefined && strongHashes.has(at(hash, 0, 0).toOID());
}

function readExtensions(tbs: Asn1): ReadonlyMap<string, Extension> {
  const list = tagged(tbs, 3);
  return extensionsIn(list === undefined ? undefined : at(list, 0));
}

/** By OID, of a list of Extension, or of none. Throws where one is there twice. */
export function extensionsIn(list: Asn1 | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  for (const each of list?.subs ?? []) {
    if (!each.isSequence) throw new Error('an extension is no sequence');
    const oid = at(each, 0).toOID();
    if (found.has(oid)) throw new Error(`the extension ${oid} is there twice`);
    const critical = each.subs.length === 3 && at(each, 1).toBoolean();
    const value = at(each, each.subs.length - 1);
    found.set(oid, { critical, value: value.octets, content: () => at(value, 0) });
  }
  return found;
}

/** The certificates of a text of PEM, in its order, and nothing else. Throws. */
export function certificatesIn(pem: string): readonly Certificate[] {
  const { blocks, rest } = readPem(pem);
  if (blocks.length === 0 || rest.trim() !== '') throw new Error('PEM certificates are expected');
  return blocks.map(({ label, body }) => {
    if (label !== 'CERTIFICATE') throw new Error('a PEM block is no certificate');
    return new Certificate(Buffer.from(body, 'base64'));
  });
}
