import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { decode, encode, Tagged } from 'cborg';
import type { Made } from './peer.ts';

// Envelopes that notation-core-go made, taken apart, changed and signed once more by the same key where what is signed has changed.

/** A JWS in the flattened JSON serialization (RFC 7515, 7.2.2). */
export interface Jws {
  readonly payload: string;
  readonly protected: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly signature: string;
}

export function jwsOf({ envelope }: Made): Jws {
  return JSON.parse(envelope.toString()) as Jws;
}

/** The text of the protected header. */
export function protectedText(made: Made): string {
  return Buffer.from(jwsOf(made).protected, 'base64url').toString();
}

export interface JwsChanges {
  /** The protected header's text; signed. */
  readonly protected?: string | Uint8Array;
  /** Signed as well. */
  readonly payload?: Uint8Array;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Bytes of the salt; as many as the hash has, where it is left out. */
  readonly salt?: number;
}

/** The envelope with these changes, signed anew. */
export function resignedJws(made: Made, changes: JwsChanges): Buffer {
  const was = jwsOf(made);
  const header = changes.protected === undefined ? was.protected : encoded(bytesOf(changes.protected));
  const payload = changes.payload === undefined ? was.payload : encoded(changes.payload);
  const signature = encoded(signed(made, Buffer.from(`${header}.${payload}`), changes.salt));
  return Buffer.from(
    JSON.stringify({ payload, protected: header, header: { ...was.header, ...changes.header }, signature }),
  );
}

/** The members with changes, and the signature as it was. */
export function changedJws(made: Made, change: (jws: Jws) => object): Buffer {
  return Buffer.from(JSON.stringify(change(jwsOf(made))));
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** The elements of a COSE_Sign1 (RFC 9052, 4.2). */
export interface Cose {
  readonly protected: Uint8Array;
  readonly unprotected: ReadonlyMap<unknown, unknown>;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const options = { useMaps: true, tags: Tagged.preserve(0, 1, 18) };

export function coseOf({ envelope }: Made): Cose {
  const tagged = decode(envelope, options) as Tagged;
  const [header, unprotected, payload, signature] = tagged.value as [
    Uint8Array,
    Map<unknown, unknown>,
    Uint8Array,
    Uint8Array,
  ];
  return { protected: header, unprotected, payload, signature };
}

export function protectedMap(made: Made): Map<unknown, unknown> {
  return decode(coseOf(made).protected, options) as Map<unknown, unknown>;
}

export function cbor(value: unknown): Uint8Array {
  // In the order in which a Map has them: what is signed is kept as it was.
  return encode(value, { mapSorter: () => 0 });
}

export interface CoseChanges {
  readonly protected?: Uint8Array;
  readonly payload?: Uint8Array;
  readonly unprotected?: ReadonlyMap<unknown, unknown>;
  readonly salt?: number;
}

export function resignedCose(made: Made, changes: CoseChanges): Buffer {
  const cose = { ...coseOf(made), ...changes };
  const structure = cbor(['Signature1', cose.protected, new Uint8Array(), cose.payload]);
  return coseBytes({ ...cose, signature: signed(made, structure, changes.salt) });
}

export function changedCose(made: Made, change: (cose: Cose) => Cose): Buffer {
  return coseBytes(change(coseOf(made)));
}

export function coseBytes(cose: Cose): Buffer {
  return Buffer.from(cbor(new Tagged(18, [cose.protected, cose.unprotected, cose.payload, cose.signature])));
}

/** By the algorithm that goes with the signer's key (signature specification, "Signature Algorithm Requirements"). */
function signed({ key: pem }: Made, message: Uint8Array, salt?: number): Buffer {
  const key = createPrivateKey(pem);
  const hash = hashOf(key);
  if (key.asymmetricKeyType === 'ec') return sign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(hash, message, { key, padding, saltLength: salt ?? constants.RSA_PSS_SALTLEN_DIGEST });
}

function hashOf(key: KeyObject): string {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1' || modulusLength === 2048) return 'sha256';
  return namedCurve === 'secp384r1' || modulusLength === 3072 ? 'sha384' : 'sha512';
}
