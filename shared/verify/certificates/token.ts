import { constants, type KeyObject, verify } from 'node:crypto';
import { type Asn1, at, parseDer, tagged } from '../../der.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { digestOf, sameBytes } from '../crypto.ts';
import type { StampCertificates } from './stamp-certificates.ts';

const signedData = '1.2.840.113549.1.7.2';
const tstInfo = '1.2.840.113549.1.9.16.1.4';
const contentType = '1.2.840.113549.1.9.3';
const messageDigest = '1.2.840.113549.1.9.4';
/** The attribute that says which certificate signed (signingCertificateV2, RFC 5816); an older one, by SHA-1, says nothing. */
export const signingCertificate = '1.2.840.113549.1.9.16.2.47';
/** What the certificate of whoever stamps time is for (RFC 3161 section 2.3). */
export const timeStamping = '1.3.6.1.5.5.7.3.8';

export type StampHash = 'sha256' | 'sha384' | 'sha512';

const hashes: Readonly<Record<string, StampHash>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** How a token is signed. Where the algorithm names no hash it is the signer's digest algorithm. */
const algorithms: Readonly<Record<string, { readonly key: 'ec' | 'rsa' | 'ed25519'; readonly hash?: StampHash }>> = {
  '1.2.840.10045.4.3.2': { key: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', hash: 'sha512' },
  '1.2.840.113549.1.1.1': { key: 'rsa' },
  '1.2.840.113549.1.1.11': { key: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', hash: 'sha512' },
  '1.3.101.112': { key: 'ed25519' },
};

/** A token's parts (RFC 3161 section 2.4.2, RFC 5652 section 5). */
export interface Token {
  /** Of the signed data, and of what it says. */
  readonly versions: { readonly data: number; readonly info: number };
  /** What is signed: the bytes of the TSTInfo. */
  readonly content: Buffer;
  /** The OID by which the authority stamps. */
  readonly policy: string;
  readonly imprint: { readonly hash: StampHash; readonly digest: Buffer };
  /** Milliseconds since 1970. */
  readonly time: number;
  /** How far from `time` it may have been, in milliseconds; 0 where it does not say. */
  readonly accuracy: number;
  readonly certificates: readonly Certificate[];
  /** SignerInfos; one by RFC 3161. */
  readonly signers: readonly Asn1[];
}

/** Reads a TimeStampToken: signed data that holds a TSTInfo. Throws. */
export function readToken(token: Asn1, carried: StampCertificates): Token {
  if (at(token, 0).toOID() !== signedData) throw new Error('the time stamp is no signed data');
  const data = at(token, 1, 0);
  const encapsulated = at(data, 2);
  if (at(encapsulated, 0).toOID() !== tstInfo) throw new Error('what is signed is no time stamp');
  const content = at(encapsulated, 1, 0).octets;
  const info = parseDer(content);
  const imprint = at(info, 2);
  return {
    versions: { data: at(data, 0).toInteger(), info: at(info, 0).toInteger() },
    content,
    policy: at(info, 1).toOID(),
    imprint: { hash: hashNamed(at(imprint, 0)), digest: at(imprint, 1).octets },
    time: at(info, 4).toTime(),
    accuracy: accuracyOf(info.subs[5]),
    certificates: carried.read((tagged(data, 0)?.subs ?? []).filter((each) => each.isSequence).map(({ raw }) => raw)),
    signers: at(data, data.subs.length - 1).subs,
  };
}

/** Accuracy, in milliseconds: seconds, and of one the thousandths and the millionths. What stands there may be something else. */
function accuracyOf(accuracy: Asn1 | undefined): number {
  if (accuracy?.isSequence !== true) return 0;
  const [first] = accuracy.subs;
  const seconds = first === undefined || first.contextTag !== undefined ? 0 : first.toInteger();
  const part = (tag: number) => {
    const value = tagged(accuracy, tag)?.value;
    if (value === undefined) return 0;
    const number = value.length === 1 || value.length === 2 ? value.readIntBE(0, value.length) : 0;
    if (number < 1 || number > 999) throw new Error('an accuracy that there is not');
    return number;
  };
  if (seconds < 0) throw new Error('an accuracy that there is not');
  return seconds * 1000 + part(0) + Math.ceil(part(1) / 1000);
}

/** What the signer says beside the content, all of which is signed; `undefined`: nothing. */
export function signedAttributes(signer: Asn1): Asn1 | undefined {
  return tagged(signer, 0);
}

/** The signed attributes have to say what is signed, and its digest (RFC 5652 section 11). */
export function isSignedContent(attributes: Asn1, signer: Asn1, { content }: Token): boolean {
  const digest = attributeOf(attributes, messageDigest);
  const type = attributeOf(attributes, contentType);
  const hash = hashNamed(at(signer, 2));
  return sameBytes(digest.octets, digestOf(hash, content)) && type.toOID() === tstInfo;
}

/** The value of the attribute, of which there must be one. Throws. */
export function attributeOf(attributes: Asn1, oid: string): Asn1 {
  const found = attributes.subs.filter((each) => at(each, 0).toOID() === oid);
  const [only, another] = found;
  if (another !== undefined) throw new Error('an attribute is there twice');
  return at(only, 1, 0);
}

/** By what a signer says that a certificate is meant. */
export interface CertificateId {
  readonly hash: StampHash;
  readonly digest: Buffer;
  /** `undefined`: it does not say. */
  readonly issuerSerial: Asn1 | undefined;
}

/** ESSCertIDv2 (RFC 5035): a hash algorithm unless it is SHA-256, the hash, and issuer and serial number if it likes. Throws. */
export function readCertificateId(meant: Asn1): CertificateId {
  const [first] = meant.subs;
  const isDefault = first?.isSequence !== true;
  const [hashed, issuerSerial] = meant.subs.slice(isDefault ? 0 : 1);
  return { hash: isDefault ? 'sha256' : hashNamed(first), digest: at(hashed).octets, issuerSerial };
}

/** Whether the signer's signature, over these attributes, is by this key. */
export function isSignedBy(signer: Asn1, attributes: Asn1, key: KeyObject): boolean {
  const algorithm = algorithms[at(signer, 4, 0).toOID()];
  if (algorithm === undefined || algorithm.key !== key.asymmetricKeyType) return false;
  // What is signed is a SET, though it is written under another tag (RFC 5652 section 5.4).
  const signed = Buffer.from(attributes.raw);
  signed[0] = 0x31;
  const hash = algorithm.key === 'ed25519' ? null : (algorithm.hash ?? hashNamed(at(signer, 2)));
  const options = algorithm.key === 'rsa' ? { key, padding: constants.RSA_PKCS1_PADDING } : key;
  return verify(hash, signed, options, at(signer, 5).octets);
}

/** Throws where it is no SHA-2 of 256 bits or more. */
function hashNamed(algorithm: Asn1): StampHash {
  const hash = hashes[at(algorithm, 0).toOID()];
  if (hash === undefined) throw new Error('the time stamp is by another hash');
  return hash;
}
