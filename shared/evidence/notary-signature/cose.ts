import type { Slices } from '../../slices.ts';
import { Malformed } from '../malformed.ts';
import type { NotaryAlgorithm } from './attributes.ts';
import { decodeCbor, encodeCbor, taggedValue } from './cbor.ts';
import { type NotaryEnvelope, refuseLarge, refuseManyCertificates } from './envelope.ts';
import {
  type Header,
  type HeaderForm,
  type HeaderName,
  readProtected,
  refuseUnprotected,
  timestampName,
} from './header.ts';
import { parseSeconds } from './times.ts';

/** Tag of a COSE_Sign1 (RFC 9052 section 4.2). */
const sign1 = 18;
/** Tag of a time in seconds since 1970 (RFC 8949 section 3.4.2). */
const epoch = 1;

/** RFC 9053 section 2.1, RFC 8230 section 2. */
const algorithms: ReadonlyMap<unknown, NotaryAlgorithm> = new Map([
  [-37, 'PS256'],
  [-38, 'PS384'],
  [-39, 'PS512'],
  [-7, 'ES256'],
  [-35, 'ES384'],
  [-36, 'ES512'],
]);

const form: HeaderForm = {
  algorithm: 1,
  critical: 2,
  contentType: 3,
  /** RFC 9360: x5chain. */
  certificates: 33,
  algorithms,
  // RFC 9052 section 3.1 advises against those that every reader must know, and forbids none.
  neverCritical: new Set(),
  timeOf(value) {
    const tagged = taggedValue(value);
    return tagged?.tag === epoch ? parseSeconds(tagged.value) : undefined;
  },
  time: 'time in whole seconds with CBOR tag 1',
};

/** COSE_Sign1 with its tag, as the Notary Project writes it (signature-envelope-cose.md). Throws Malformed. */
export function* readCose(bytes: Uint8Array): Slices<NotaryEnvelope> {
  const outer = taggedValue(decodeCbor(bytes, 'the envelope'));
  const parts: unknown = outer?.tag === sign1 ? outer.value : undefined;
  if (!Array.isArray(parts) || parts.length !== 4) throw new Malformed('the envelope is no COSE_Sign1 with its tag');
  const [encoded, header, payload, signature]: readonly unknown[] = parts;
  if (!isBytes(encoded)) throw new Malformed('the protected header is no byte string');
  if (payload === null) throw new Malformed('the payload is detached');
  if (!isBytes(payload)) throw new Malformed('the payload is no byte string');
  if (!isBytes(signature) || signature.length === 0) throw new Malformed('the signature is no byte string');
  refuseLarge.signature(signature);
  yield;
  const signed = headerOf(decodeCbor(encoded, 'the protected header'), 'the protected header');
  const unsigned = headerOf(header, 'the unprotected header');
  const read = readProtected(signed, form);
  refuseUnprotected(unsigned.keys(), signed, form);
  return {
    ...read,
    payload,
    // RFC 9052 section 4.4: Sig_structure.
    message: encodeCbor(['Signature1', encoded, new Uint8Array(0), payload]),
    signature,
    certificates: certificatesIn(unsigned),
    timestampToken: timestampIn(unsigned),
  };
}

function headerOf(value: unknown, what: string): Header {
  if (!(value instanceof Map)) throw new Malformed(`${what} is no map`);
  const header = new Map<HeaderName, unknown>();
  for (const [name, content] of value) {
    if (typeof name !== 'string' && typeof name !== 'number') throw new Malformed(`a name in ${what} is none`);
    header.set(name, content);
  }
  return header;
}

function certificatesIn(header: Header): readonly Uint8Array[] {
  const chain = header.get(form.certificates) ?? [];
  if (!Array.isArray(chain)) throw new Malformed('the certificates are no list');
  refuseManyCertificates(chain);
  return chain.map((certificate: unknown) => {
    if (!isBytes(certificate)) throw new Malformed('a certificate is no byte string');
    refuseLarge.certificate(certificate);
    return certificate;
  });
}

function timestampIn(header: Header): Uint8Array | undefined {
  if (!header.has(timestampName)) return undefined;
  const token = header.get(timestampName);
  if (!isBytes(token)) throw new Malformed(`${timestampName} is no byte string`);
  refuseLarge.timestamp(token);
  return token;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}
