import { type Asn1, at, parseDer } from '../../der.ts';
import { always, type CertificateAuthority } from '../../trust/root/trust-root.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { issuersOf, pathsTo, withIntermediates } from '../../trust/x509/issuers.ts';
import { StampCertificates } from '../certificates/stamp-certificates.ts';
import {
  attributeOf,
  isSignedBy,
  isSignedContent,
  readCertificateId,
  readToken,
  signedAttributes,
  signingCertificate,
  type Token,
  timeStamping,
} from '../certificates/token.ts';
import { digestOf, sameBytes } from '../crypto.ts';
import { type Chain, issuanceProblem, rulesProblem } from './chain.ts';

const signingTime = '1.2.840.113549.1.9.5';
/** ETSI's baseline time-stamp policy (EN 319 421), under which a stamp that says nothing of it is good to a second. */
const baselinePolicy = '0.4.0.2023.1.1';
/** One by RFC 3161; each costs the check of a few signatures. */
const mostSigners = 4;

/** When a signature was stamped, and by whom. */
export interface NotaryStamp {
  /** Between these two, milliseconds since 1970. */
  readonly earliest: number;
  readonly latest: number;
  readonly chain: Chain;
}

/**
 * When an authority whose root is in a store saw the bytes (TimeStampToken in DER), by the Notary Project's rules
 * (trust-store-trust-policy.md, "Timestamp Verification"), or why the token says nothing. Throws where it does not parse.
 */
export function stampOf(token: Uint8Array, bytes: Uint8Array, roots: readonly Certificate[]): NotaryStamp | string {
  if (token[1] === 0x80) return 'it is in BER with lengths that are not said (indefinite), and DER is read';
  const read = readToken(parseDer(token), new StampCertificates());
  const { versions, imprint, signers } = read;
  if (versions.data !== 3 || versions.info !== 1) return 'it is of another version';
  if (!sameBytes(digestOf(imprint.hash, bytes), imprint.digest)) return 'it is of other bytes';
  if (signers.length > mostSigners) return `it has over ${mostSigners} signers`;
  let problem = 'it has no signer';
  for (const signer of signers) {
    const chain = signedUnder(signer, read, roots);
    if (typeof chain !== 'string') return { ...spanOf(read), chain };
    problem = chain;
  }
  return problem;
}

function spanOf({ time, accuracy, policy }: Token): Pick<NotaryStamp, 'earliest' | 'latest'> {
  const either = accuracy === 0 && policy === baselinePolicy ? 1000 : accuracy;
  return { earliest: time - either, latest: time + either };
}

function signedUnder(signer: Asn1, token: Token, roots: readonly Certificate[]): Chain | string {
  if (at(signer, 0).toInteger() !== 1) return 'its signer is of another version';
  const attributes = signedAttributes(signer);
  if (attributes === undefined || !isSignedContent(attributes, signer, token))
    return 'its signature is of other content';
  const certificate = certificateOf(signer, attributes, token);
  if (typeof certificate === 'string') return certificate;
  const chain = chainsTo(certificate, token, roots).find((each) => each.every((one) => isAt(one, token.time)));
  if (chain === undefined) return 'it is of no authority that the store tsa trusts';
  if (!isSignedBy(signer, attributes, certificate.publicKey)) return 'its signature does not verify';
  const problem = rulesProblem(chain, 'time stamping') ?? issuanceProblem(chain);
  if (problem !== undefined) return `its chain of certificates does not count: ${problem}`;
  return isTimely(attributes, chain) ? chain : 'it says that it was signed when its certificate was not valid';
}

/**
 * The certificate that is named beside the signature, if the signed attribute (signingCertificateV2, RFC 5816) means the same one.
 */
function certificateOf(signer: Asn1, attributes: Asn1, { certificates }: Token): Certificate | string {
  const [issuer, serialNumber] = at(signer, 1).subs;
  if (issuer === undefined || serialNumber === undefined) return 'its signer is not named by issuer and serial number';
  const named = certificates.find((one) => one.isNamed(issuer.value, serialNumber.value));
  if (named === undefined) return 'it does not carry the certificate of its signer';
  if (attributes.subs.every((each) => at(each, 0).toOID() !== signingCertificate)) {
    return 'it does not say which certificate signed (signingCertificateV2)';
  }
  return isMeant(named, at(attributeOf(attributes, signingCertificate), 0, 0))
    ? named
    : 'it says that another certificate signed (signingCertificateV2)';
}

/** By its hash, and by issuer and serial number where they stand beside that. */
function isMeant(certificate: Certificate, meant: Asn1): boolean {
  const { hash, digest, issuerSerial } = readCertificateId(meant);
  if (!sameBytes(digestOf(hash, certificate.der), digest)) return false;
  if (issuerSerial === undefined) return true;
  const name = at(issuerSerial, 0, 0);
  const directoryName = 4;
  if (name.contextTag !== directoryName) return false;
  return certificate.isNamed(at(name, 0).value, at(issuerSerial, 1).value);
}

const authorities = new WeakMap<readonly Certificate[], readonly CertificateAuthority[]>();

/** Paths to the roots of a store, by the certificates that the token carries. */
function chainsTo(certificate: Certificate, { certificates }: Token, roots: readonly Certificate[]): readonly Chain[] {
  // One that issued its own certificate is in the store itself.
  if (roots.some((root) => root.equals(certificate))) return [[certificate]];
  const known = authorities.get(roots) ?? roots.map((root) => ({ root, intermediates: [], validFor: always }));
  authorities.set(roots, known);
  return known
    .flatMap((authority) => pathsTo(certificate, withIntermediates(issuersOf(authority), certificates)))
    .filter((path) => path.every((one) => one.allows(timeStamping)))
    .map((path) => [certificate, ...path] as const);
}

/** When the signer says that it signed, where it does, every certificate was valid. */
function isTimely(attributes: Asn1, chain: Chain): boolean {
  if (attributes.subs.every((each) => at(each, 0).toOID() !== signingTime)) return true;
  const time = attributeOf(attributes, signingTime).toDate();
  return chain.every((one) => isAt(one, time));
}

function isAt({ window }: Certificate, time: number): boolean {
  return window.notBefore <= time && time <= window.notAfter;
}
