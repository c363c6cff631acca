import { Asn1, at, parseDer, tagged } from '../../../der.ts';
import { derIn, readPem } from '../../../pem.ts';
import { printable } from '../../../printable.ts';
import { ExpressionError } from '../../error.ts';
import type { Run } from '../../run.ts';
import type { Json } from '../../value.ts';
import { textAt } from '../arguments.ts';
import type { ExpressionFunction } from '../function.ts';
import { alternativeNames, extensionFields, extensionsJson, readExtensions } from './extensions.ts';
import { keyFields, signatureFields, unsigned } from './key.ts';
import { nameOf } from './name.ts';
import { unreadFields } from './unread.ts';

/** UTF-16 units: the most of DER that is read, in base64. */
const longestPem = 96 * 1024;
const extensionRequest = '1.2.840.113549.1.9.14';

export const x509Function: ExpressionFunction = {
  name: 'x509_decode',
  takes: [['string']],
  call: (given, run) => decode(textAt(given, 0), run),
};

/**
 * A certificate, or a request for one, of RSA, in the JSON of Go's x509.Certificate. Of one that has such a thing these fields are left
 * out, so that asking for them is an error: `URIs`, name constraints (`Permitted…`, `Excluded…`), `PolicyMappings`, `Inhibit…`,
 * `RequireExplicit…`; and a request's `Attributes`. Nothing is verified. Throws ExpressionError.
 */
function decode(text: string, run: Run): Json {
  if (text.length > longestPem) throw new ExpressionError(`x509_decode() takes ${longestPem} characters at most`);
  run.spend(1000 + text.length);
  const [block] = readPem(text).blocks;
  const der = block === undefined ? undefined : derIn(block.body);
  if (block === undefined || der === undefined) throw new ExpressionError('x509_decode() takes PEM');
  try {
    if (block.label === 'CERTIFICATE') return certificate(parseDer(der));
    if (block.label === 'CERTIFICATE REQUEST') return request(parseDer(der));
  } catch (thrown) {
    const problem = Error.isError(thrown) ? thrown.message : '';
    throw new ExpressionError(`x509_decode() takes a certificate, and this has ${printable(problem, 200)}`);
  }
  throw new ExpressionError('x509_decode() takes a CERTIFICATE or a CERTIFICATE REQUEST');
}

function certificate(whole: Asn1): Json {
  const [body, algorithm, signature] = [at(whole, 0), at(whole, 1), at(whole, 2)];
  const versioned = body.subs[0]?.contextTag === 0;
  const version = versioned ? at(body, 0, 0).toInteger() + 1 : 1;
  const first = versioned ? 1 : 0;
  const [serial, issuer, validity, subject, key] = [0, 2, 3, 4, 5].map((place) => at(body, first + place));
  const extensions = readExtensions(tagged(body, 3)?.subs[0]);
  return {
    Raw: base64(whole),
    RawTBSCertificate: base64(body),
    RawSubject: base64(at(subject)),
    RawIssuer: base64(at(issuer)),
    ...signatureFields(algorithm, signature),
    ...keyFields(at(key)),
    Version: version,
    SerialNumber: Number(unsigned(at(serial), 1000)),
    Issuer: nameOf(at(issuer)),
    Subject: nameOf(at(subject)),
    NotBefore: timeOf(at(validity, 0)),
    NotAfter: timeOf(at(validity, 1)),
    Extensions: extensionsJson(extensions),
    ExtraExtensions: null,
    ...extensionFields(extensions),
    ...unreadFields(extensions),
  };
}

function request(whole: Asn1): Json {
  const [body, algorithm, signature] = [at(whole, 0), at(whole, 1), at(whole, 2)];
  const wanted = tagged(body, 0)?.subs.find((attribute) => at(attribute, 0).toOID() === extensionRequest);
  const extensions = readExtensions(wanted === undefined ? undefined : at(wanted, 1, 0));
  return {
    Raw: base64(whole),
    RawTBSCertificateRequest: base64(body),
    RawSubject: base64(at(body, 1)),
    ...signatureFields(algorithm, signature),
    ...keyFields(at(body, 2)),
    Version: at(body, 0).toInteger(),
    Subject: nameOf(at(body, 1)),
    Extensions: extensionsJson(extensions),
    ExtraExtensions: null,
    ...alternativeNames(extensions),
  };
}

const utcTime = 0x17;
const generalizedTime = 0x18;

/** RFC 3339. Years of two digits are of 1950 to 2049 (RFC 5280 section 4.1.2.5.1). */
function timeOf(time: Asn1): string {
  const text = time.value.toString('latin1');
  const whole = time.tag === utcTime ? (text < '50' ? '20' : '19') + text : text;
  if (!/^[0-9]{14}Z$/.test(whole)) throw new Error('a time that is none of a certificate');
  const milliseconds = new Asn1(generalizedTime, Buffer.from(whole), time.raw).toTime();
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}

function base64({ raw }: Asn1): string {
  return raw.toString('base64');
}
