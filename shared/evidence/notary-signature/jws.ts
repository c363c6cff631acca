import { isJsonObject, type JsonObject } from '../../admission/json.ts';
import type { Slices } from '../../slices.ts';
import { decodeBase64, decodeBase64Url } from '../base64.ts';
import { parseUniqueObject } from '../json.ts';
import { Malformed } from '../malformed.ts';
import type { NotaryAlgorithm } from './attributes.ts';
import { type NotaryEnvelope, refuseLarge, refuseManyCertificates } from './envelope.ts';
import { type HeaderForm, type HeaderName, names, readProtected, refuseUnprotected, timestampName } from './header.ts';
import { parseRfc3339 } from './times.ts';

const algorithms: readonly NotaryAlgorithm[] = ['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];

const form: HeaderForm = {
  algorithm: 'alg',
  critical: 'crit',
  contentType: 'cty',
  certificates: 'x5c',
  algorithms: new Map(algorithms.map((name) => [name, name])),
  // RFC 7515 section 4.1.11; notation takes no signing time there, either.
  neverCritical: new Set(['alg', 'crit', 'cty', names.signingTime]),
  timeOf: parseRfc3339,
  time: 'time (RFC 3339)',
};

const members: ReadonlySet<string> = new Set(['payload', 'protected', 'header', 'signature']);

/** JWS, flattened JSON (RFC 7515 section 7.2.2), as the Notary Project writes it (signature-envelope-jws.md). Throws Malformed. */
export function* readJws(bytes: Uint8Array): Slices<NotaryEnvelope> {
  const json = yield* parseUniqueObject(bytes, 'the envelope');
  if (Object.keys(json).some((name) => !members.has(name))) {
    throw new Malformed('the envelope has other members than payload, protected, header and signature');
  }
  const { payload, header, signature } = json;
  const encoded = json['protected'];
  if (!isJsonObject(header)) throw new Malformed("the envelope's header is no object");
  refuseLarge.signature(signature);
  const signed = decodeBase64Url(encoded, 'the protected header');
  const protectedHeader = yield* parseUniqueObject(signed, 'the protected header');
  const named = new Map<HeaderName, unknown>(Object.entries(protectedHeader));
  const read = readProtected(named, form);
  refuseUnprotected(Object.keys(header), named, form);
  yield;
  return {
    ...read,
    payload: decodeBase64Url(payload, 'the payload'),
    message: Buffer.from(`${encoded}.${payload}`, 'latin1'),
    signature: decodeBase64Url(signature, 'the signature'),
    certificates: certificatesIn(header),
    timestampToken: timestampIn(header),
  };
}

/** Base64, and not the alphabet of all else (RFC 7515 section 4.1.6). */
function certificatesIn({ x5c = [] }: JsonObject): readonly Uint8Array[] {
  if (!Array.isArray(x5c)) throw new Malformed('x5c is no list');
  refuseManyCertificates(x5c);
  return x5c.map((certificate: unknown) => {
    refuseLarge.certificate(certificate);
    return decodeBase64(certificate, 'a certificate of x5c');
  });
}

function timestampIn(header: JsonObject): Uint8Array | undefined {
  if (!Object.hasOwn(header, timestampName)) return undefined;
  const token = header[timestampName];
  refuseLarge.timestamp(token);
  return decodeBase64(token, timestampName);
}
