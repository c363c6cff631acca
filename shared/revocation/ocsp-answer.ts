import { type Asn1, at, parseDer, tagged } from '../der.ts';
import { Certificate } from '../trust/x509/certificate.ts';
import { understoodIn } from './extensions.ts';
import { type CertificateId, keyHashOf } from './ocsp-request.ts';
import { hasKeyUsage, isSignedWith, type SignatureParts, subjectOf } from './signed.ts';
import { type Entry, iso, mostAhead, NoWord, removeFromCrl } from './word.ts';

const basic = '1.3.6.1.5.5.7.48.1.1';
const sha1 = '1.3.14.3.2.26';
const ocspSigning = '1.3.6.1.5.5.7.3.9';
const invalidityDate = '2.5.29.24';
const digitalSignature = 0;
/** Of those that an answer carries: one is enough. */
const mostCertificates = 4;

/** OCSPResponseStatus (RFC 6960 section 4.2.1). */
const statuses: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

/** What may be critical: extensions of entries and of answers that change nothing of what an answer says, or are heeded. */
const understood: ReadonlySet<string> = new Set([
  '1.3.6.1.5.5.7.48.1.2', // nonce
  '1.3.6.1.5.5.7.48.1.3', // CRL references
  '1.3.6.1.5.5.7.48.1.6', // archive cutoff
  '1.3.6.1.5.5.7.48.1.9', // extended revoked definition
  '2.5.29.21', // reasonCode
  invalidityDate,
]);

/** Whom an answer should be about, and who may give it. */
export interface Asked {
  readonly id: CertificateId;
  readonly issuer: Certificate;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
}

export interface OcspAnswer {
  /** `unknown`: the responder knows of no such certificate. */
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Where it is revoked. */
  readonly entries: readonly Entry[];
  /** nextUpdate. */
  readonly until: number;
}

/**
 * What an OCSPResponse in DER says, if it is by the certificate's issuer or by whom that one has named for it, about this certificate, and of
 * now (RFC 6960 section 3.2). Throws: NoWord with what is wrong with it, or another Error where it does not parse.
 */
export function readOcspAnswer(bytes: Uint8Array, asked: Asked): OcspAnswer {
  const root = parseDer(bytes);
  const status = at(root, 0).toEnumerated();
  if (status !== 0) throw new NoWord(`it answers ${statuses[status] ?? `the status ${status}`}`);
  const body = at(tagged(root, 0), 0);
  if (at(body, 0).toOID() !== basic) throw new NoWord('it answers in a form that is not known here');
  const response = parseDer(at(body, 1).octets);
  const parts = { signed: at(response, 0), algorithm: at(response, 1), signature: at(response, 2) };
  const carried = tagged(response, 0);
  verifySigner(parts, carried === undefined ? [] : at(carried, 0).subs, asked);
  return answerIn(parts.signed, asked);
}

/** ResponseData: its version is left out where it is 1, the only one. */
function fieldsOf(data: Asn1): readonly Asn1[] {
  const [first, ...others] = data.subs;
  if (first?.contextTag !== 0) return data.subs;
  if (at(first, 0).toInteger() !== 0) throw new NoWord('its answer is of a version that is not known here');
  return others;
}

function verifySigner(parts: SignatureParts, carried: readonly Asn1[], { issuer, now }: Asked): void {
  const [responder] = fieldsOf(parts.signed);
  const isResponder = (one: Certificate) => isNamed(at(responder), one);
  if (isResponder(issuer) && isSignedWith(parts, issuer.publicKey)) return;
  let why = 'its answer is by nobody whom the issuer of the certificate has named for it';
  for (const { raw } of carried.slice(0, mostCertificates)) {
    const one = new Certificate(raw);
    if (!isResponder(one)) continue;
    const wrong = notAppointed(one, issuer, now);
    if (wrong === undefined && isSignedWith(parts, one.publicKey)) return;
    why = wrong ?? 'the signature of its answer does not verify';
  }
  throw new NoWord(why);
}

/** ResponderID: a name, or the hash of a key. */
function isNamed(responder: Asn1, certificate: Certificate): boolean {
  switch (responder.contextTag) {
    case 1:
      return at(responder, 0).raw.equals(subjectOf(certificate));
    case 2:
      return at(responder, 0).octets.equals(keyHashOf(certificate));
    default:
      return false;
  }
}

/**
 * Why the issuer has not appointed it: it issues a certificate of that purpose itself (RFC 6960 section 4.2.2.2). Whether that one is revoked
 * is asked of nobody, as if it had id-pkix-ocsp-nocheck.
 */
function notAppointed(certificate: Certificate, issuer: Certificate, now: number): string | undefined {
  if (!certificate.names(issuer) || !certificate.isSignedBy(issuer)) {
    return "the responder's certificate is not by the issuer of the certificate";
  }
  if (!certificate.hasUsage(ocspSigning)) return "the responder's certificate is not for signing OCSP answers";
  if (hasKeyUsage(certificate, digitalSignature) === false) return "the responder's certificate is not for signatures";
  if (certificate.unknownCritical !== undefined) return "the responder's certificate has an unknown critical extension";
  return certificate.isValidAt(now) ? undefined : "the responder's certificate is not valid now";
}

function answerIn(data: Asn1, asked: Asked): OcspAnswer {
  const [, producedAt, responses, extensions] = fieldsOf(data);
  extensionsUnder(extensions);
  at(producedAt).toTime();
  const about = at(responses).subs.filter((each) => isAbout(at(each, 0), asked.id));
  const [single, another] = about;
  if (single === undefined) throw new NoWord('its answer is not about this certificate');
  if (another !== undefined) throw new NoWord('its answer says two things of this certificate');
  return singleIn(single, asked.now);
}

function isAbout(id: Asn1, { issuerNameHash, issuerKeyHash, serial }: CertificateId): boolean {
  return (
    at(id, 0, 0).toOID() === sha1 &&
    at(id, 1).octets.equals(issuerNameHash) &&
    at(id, 2).octets.equals(issuerKeyHash) &&
    at(id, 3).integerBytes.equals(serial)
  );
}

/** SingleResponse: id, status, thisUpdate, and maybe nextUpdate [0] and extensions [1]. */
function singleIn(single: Asn1, now: number): OcspAnswer {
  const status = at(single, 1);
  const thisUpdate = at(single, 2).toTime();
  const next = tagged(single, 0, 3);
  const known = extensionsUnder(tagged(single, 1, 3));
  if (thisUpdate > now + mostAhead) throw new NoWord(`its answer is from the future: ${iso(thisUpdate)}`);
  if (next === undefined) throw new NoWord('its answer does not say until when it holds');
  const until = at(next, 0).toTime();
  if (until < now) throw new NoWord(`its answer held until ${iso(until)}`);
  switch (status.contextTag) {
    case 0:
      return { status: 'good', entries: [], until };
    case 1: {
      const reason = tagged(status, 0);
      const code = reason === undefined ? undefined : at(reason, 0).toEnumerated();
      const entry = {
        // Who answers that it is revoked does not lift it.
        reason: code === removeFromCrl ? undefined : code,
        since: at(status, 0).toTime(),
        invalidSince: known.get(invalidityDate)?.content().toTime(),
      };
      return { status: 'revoked', entries: [entry], until };
    }
    case 2:
      return { status: 'unknown', entries: [], until };
    default:
      throw new NoWord('its answer is none of good, revoked and unknown');
  }
}

/** Extensions, under their tag; of the critical ones each must be known. */
function extensionsUnder(wrapped: Asn1 | undefined): ReturnType<typeof understoodIn> {
  return understoodIn(wrapped && at(wrapped, 0), understood, 'its answer');
}
