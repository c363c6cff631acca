import { type Asn1, at, parseDer } from '../../der.ts';
import type { CertificateAuthority } from '../../trust/root/trust-root.ts';
import { inWindow } from '../../trust/root/window.ts';
import type { Certificate } from '../../trust/x509/certificate.ts';
import { type IssuerPath, issuersOf, pathsOfListed, pathsTo, withIntermediates } from '../../trust/x509/issuers.ts';
import { digestOf, sameBytes } from '../crypto.ts';
import type { StampCertificates } from './stamp-certificates.ts';
import {
  isSignedBy,
  isSignedContent,
  readCertificateId,
  readToken,
  type StampHash,
  signedAttributes,
  signingCertificate,
  type Token,
  timeStamping,
} from './token.ts';

/**
 * When an authority that is believed saw bytes that have one of these hashes, in milliseconds since 1970, by its answer to whoever asked (TimeStampResp in DER);
 * or why that says nothing. Certificates that the answer carries count only under a root that is believed.
 */
export function stampedAt(
  response: Uint8Array,
  digests: (hash: StampHash) => readonly Uint8Array[],
  authorities: readonly CertificateAuthority[],
  carried: StampCertificates,
): number | string {
  const token = readToken(granted(response), carried);
  const [signer, another] = token.signers;
  if (signer === undefined || another !== undefined) throw new Error('the time stamp has other than one signer');
  const { imprint } = token;
  if (!digests(imprint.hash).some((digest) => sameBytes(digest, imprint.digest))) return 'it is of other bytes';
  const attributes = signedAttributes(signer);
  if (attributes === undefined || !isSignedContent(attributes, signer, token))
    return 'its signature is of other content';
  const known = authorities.filter(({ validFor }) => inWindow(validFor, token.time));
  let problem = 'it is of no authority that is believed';
  for (const authority of known) {
    const certificate = signerUnder(authority, token, signer, attributes);
    if (certificate === undefined) continue;
    if (isSignedBy(signer, attributes, certificate.publicKey)) return token.time;
    problem = 'its signature does not verify';
  }
  return problem;
}

/** The certificate of who signed, if it is issued under this authority, for time stamps, and valid at the time. */
function signerUnder(
  authority: CertificateAuthority,
  { certificates, time }: Token,
  signer: Asn1,
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

/** Whether the signer says that this certificate is meant, where it says which: the name beside the signature is not signed (RFC 5035). */
function isMeant({ der }: Certificate, attributes: Asn1): boolean {
  const named = attributes.subs.find((each) => at(each, 0).toOID() === signingCertificate);
  if (named === undefined) return true;
  const { hash, digest } = readCertificateId(at(named, 1, 0, 0, 0));
  return sameBytes(digestOf(hash, der), digest);
}

/** The token of an answer that grants one. Throws. */
function granted(response: Uint8Array): Asn1 {
  const answer = parseDer(response);
  const status = at(answer, 0, 0).toInteger();
  if (status !== 0 && status !== 1) throw new Error('the authority granted no time stamp');
  return at(answer, 1);
}
