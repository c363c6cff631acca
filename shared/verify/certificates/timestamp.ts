import { constants, type KeyObject, verify } from 'node:crypto';
import { type Asn1, at, parseDer, tagged } from '../../der.ts';
import type { CertificateAuthority } from '../../trust/root/trust-root.ts';
import { inWindow } from '../../trust/root/window.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { type IssuerPath, issuersOf, pathsOfListed, pathsTo, withIntermediates } from '../../trust/x509/issuers.ts';
import { digestOf, sameBytes } from '../crypto.ts';
import type { StampCertificates } from './stamp-certificates.ts';

const signedData = '1.2.840.113549.1.7.2';
const tstInfo = '1.2.840.113549.1.9.16.1.4';
const contentType = '1.2.840.113549.1.9.3';
const messageDigest = '1.2.840.113549.1.9.4';
const signingCertificate = '1.2.840.113549.1.9.16.2.47';
const timeStamping = '1.3.6.1.5.5.7.3.8';

type Hash = 'sha256' | 'sha384' | 'sha512';

const hashes: Readonly<Record<string, Hash>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** How a token is signed. Where the algorithm names no hash it is the signer's digest algorithm. */
const algorithms: Readonly<Record<string, { readonly key: 'ec' | 'rsa' | 'ed25519'; readonly hash?: Hash }>> = {
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
interface Token {
  /** What is signed: the bytes of the TSTInfo. */
  readonly content: Buffer;
  readonly imprint: { readonly hash: Hash; readonly digest: Buffer };
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly certificates: readonly Certificate[];
  readonly signer: Asn1;
}

/**
 * When an authority that is believed saw bytes that have one of these hashes, in milliseconds since 1970, by its answer to whoever asked (TimeStampResp in DER);
 * or why that says nothing. Certificates that the answer carries count only under a root that is believed.
 */
export function stampedAt(
  response: Uint8Array,
  digests: (hash: Hash) => readonly Uint8Array[],
  authorities: readonly CertificateAuthority[],
  carried: StampCertificates,
): number | string {
  const token = readToken(response, carried);
  const { imprint } = token;
  if (!digests(imprint.hash).some((digest) => sameBytes(digest, imprint.digest))) return 'it is of other bytes';
  const attributes = tagged(token.signer, 0);
  if (attributes === undefined || !isSignedContent(attributes, token)) return 'its signature is of other content';
  const known = authorities.filter(({ validFor }) => inWindow(validFor, token.time));
  let problem = 'it is of no authority that is believed';
  for (const authority of known) {
    const signer = signerUnder(authority, token, attributes);
    if (signer === undefined) continue;
    if (isSignedBy(token.signer, attributes, signer.publicKey)) return token.time;
    problem = 'its signature does not verify';
  }
  return problem;
}

/** The certificate of who signed, if it is issued under this authority, for time stamps, and valid at the time. */
function signerUnder(
  authority: CertificateAuthority,
  { signer, certificates, time }: Token,
  attributes: Asn1,
): Certificate | undefined {
  const [issuer, serialNumber] = at(signer, 1).subs;
  if (issuer === undefined || serialNumber === undefined) return undefined;
  const listed = authority.intermediates.filter((one) => isStamper(one));
  // An authority that lists who stamps means nobody else who was issued a certificate under its root.
  const named = (listed.length > 0 ? listed : certificates).filter((one) =>
    one.isNamed(issuer.value, serialNumber.value),
  );
  let issuers: readonly IssuerPath[] | undefined;
  const pathsFor = (certificate: Certificate) => {
    const paths = listed.length > 0 ? pathsOfListed(certificate, authority) : [];
    if (paths.length > 0) return paths;
    issuers ??= withIntermediates(issuersOf(authority), certificates);
    return pathsTo(certificate, issuers);
  };
  return named.find(
    (certificate) =>
      isStamper(certificate) &&
      isMeant(certificate, attributes) &&
      pathsFor(certificate).some(
        (path) =>
          path.every((one) => one.allows(timeStamping)) && [certificate, ...path].every((one) => one.isValidAt(time)),
      ),
  );
}

/** For time stamps and nothing else, critically (RFC 3161 section 2.3). */
function isStamper(certificate: Certificate): boolean {
  return (
    certificate.isOnlyFor(timeStamping) &&
    certificate.pathLength === undefined &&
    certificate.unknownCritical === undefined
  );
}

/**
 * Whether the signer says that this certificate is meant, where it says which: the name beside the signature is not signed (RFC 5035).
 * By SHA-256, the default; an older attribute, by SHA-1, says nothing.
 */
function isMeant({ der }: Certificate, attributes: Asn1): boolean {
  const named = attributes.subs.find((each) => at(each, 0).toOID() === signingCertificate);
  if (named === undefined) return true;
  const [first, second] = at(named, 1, 0, 0, 0).subs;
  const isDefault = first?.isSequence === false;
  const hash = isDefault ? 'sha256' : hashNamed(at(first));
  return sameBytes(digestOf(hash, der), at(isDefault ? first : second).octets);
}

/** The signed attributes have to say what is signed, and its digest (RFC 5652 section 11). */
function isSignedContent(attributes: Asn1, { content, signer }: Token): boolean {
  const digest = attributeOf(attributes, messageDigest);
  const type = attributeOf(attributes, contentType);
  const hash = hashNamed(at(signer, 2));
  return sameBytes(digest.octets, digestOf(hash, content)) && type.toOID() === tstInfo;
}

function attributeOf(attributes: Asn1, oid: string): Asn1 {
  const found = attributes.subs.filter((each) => at(each, 0).toOID() === oid);
  const [only, another] = found;
  if (another !== undefined) throw new Error('an attribute is there twice');
  return at(only, 1, 0);
}

function isSignedBy(signer: Asn1, attributes: Asn1, key: KeyObject): boolean {
  const algorithm = algorithms[at(signer, 4, 0).toOID()];
  if (algorithm === undefined || algorithm.key !== key.asymmetricKeyType) return false;
  // What is signed is a SET, though it is written under another tag (RFC 5652 section 5.4).
  const signed = Buffer.from(attributes.raw);
  signed[0] = 0x31;
  const hash = algorithm.key === 'ed25519' ? null : (algorithm.hash ?? hashNamed(at(signer, 2)));
  const options = algorithm.key === 'rsa' ? { key, padding: constants.RSA_PKCS1_PADDING } : key;
  return verify(hash, signed, options, at(signer, 5).octets);
}

function readToken(response: Uint8Array, carried: StampCertificates): Token {
  const answer = parseDer(response);
  const status = at(answer, 0, 0).toInteger();
  if (status !== 0 && status !== 1) throw new Error('the authority granted no time stamp');
  const wrapped = at(answer, 1);
  if (at(wrapped, 0).toOID() !== signedData) throw new Error('the time stamp is no signed data');
  const data = at(wrapped, 1, 0);
  const encapsulated = at(data, 2);
  if (at(encapsulated, 0).toOID() !== tstInfo) throw new Error('what is signed is no time stamp');
  const content = at(encapsulated, 1, 0).octets;
  const info = parseDer(content);
  const imprint = at(info, 2);
  const signers = at(data, data.subs.length - 1).subs;
  if (signers.length !== 1) throw new Error('the time stamp has other than one signer');
  return {
    content,
    imprint: { hash: hashNamed(at(imprint, 0)), digest: at(imprint, 1).octets },
    time: at(info, 4).toTime(),
    certificates: carried.read((tagged(data, 0)?.subs ?? []).filter((each) => each.isSequence).map(({ raw }) => raw)),
    signer: at(signers[0]),
  };
}

function hashNamed(algorithm: Asn1): Hash {
  const hash = hashes[at(algorithm, 0).toOID()];
  if (hash === undefined) throw new Error('the time stamp is by another hash');
  return hash;
}
