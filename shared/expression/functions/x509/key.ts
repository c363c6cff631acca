import { type Asn1, at, parseDer, tagged } from '../../../der.ts';
import type { Json } from '../../value.ts';

/** Go's number for RSA among algorithms of public keys. */
const rsa = 1;
const rsaEncryption = '1.2.840.113549.1.1.1';
/** OpenSSL makes none larger. */
const largestModulus = 16_384;
const largestExponent = 2n ** 31n - 1n;

/** The number of each algorithm of signatures in Go; 0 for all others. */
const algorithms = new Map([
  ['1.2.840.113549.1.1.2', 1],
  ['1.2.840.113549.1.1.4', 2],
  ['1.2.840.113549.1.1.5', 3],
  ['1.3.14.3.2.29', 3],
  ['1.2.840.113549.1.1.11', 4],
  ['1.2.840.113549.1.1.12', 5],
  ['1.2.840.113549.1.1.13', 6],
  ['1.2.840.10040.4.3', 7],
  ['2.16.840.1.101.3.4.3.2', 8],
  ['1.2.840.10045.4.1', 9],
  ['1.2.840.10045.4.3.2', 10],
  ['1.2.840.10045.4.3.3', 11],
  ['1.2.840.10045.4.3.4', 12],
  ['1.3.101.112', 16],
]);
const pss = '1.2.840.113549.1.1.10';
/** Of PSS: the hash, the length of its salt, and Go's number. */
const pssHashes = new Map([
  ['2.16.840.1.101.3.4.2.1', { salt: 32, number: 13 }],
  ['2.16.840.1.101.3.4.2.2', { salt: 48, number: 14 }],
  ['2.16.840.1.101.3.4.2.3', { salt: 64, number: 15 }],
]);

/** A public key of RSA with what Kyverno makes of it: the modulus in decimal digits. Throws for every other kind of key. */
export function keyFields(info: Asn1): Record<string, Json> {
  if (at(info, 0, 0).toOID() !== rsaEncryption)
    throw new Error('a key that is none of RSA, and Kyverno reads no other');
  const key = parseDer(bitsOf(at(info, 1)));
  const [modulus, exponent] = [unsigned(at(key, 0), largestModulus), unsigned(at(key, 1), 64)];
  if (modulus === 0n || exponent === 0n || exponent > largestExponent) throw new Error('a key of RSA that cannot be');
  return {
    RawSubjectPublicKeyInfo: info.raw.toString('base64'),
    PublicKeyAlgorithm: rsa,
    PublicKey: { N: modulus.toString(), E: Number(exponent) },
  };
}

/** Throws. */
export function signatureFields(algorithm: Asn1, signature: Asn1): Record<string, Json> {
  return { Signature: bitsOf(signature).toString('base64'), SignatureAlgorithm: algorithmOf(algorithm) };
}

/** A number that is not less than 0, of so many bits. Throws. */
export function unsigned({ tag, value }: Asn1, bits: number): bigint {
  if (tag !== 2 || value.length === 0 || value.length > bits / 8 + 1) throw new Error('a number of unexpected size');
  if (value.readUInt8(0) > 0x7f) throw new Error('a number that is less than 0');
  return BigInt(`0x${value.toString('hex')}`);
}

function algorithmOf(algorithm: Asn1): number {
  const id = at(algorithm, 0).toOID();
  return id === pss ? pssNumber(at(algorithm, 1)) : (algorithms.get(id) ?? 0);
}

/** The one hash for the message and its mask, and a salt of its length. */
function pssNumber(parameters: Asn1): number {
  const of = (tag: number) => tagged(parameters, tag)?.subs[0];
  const [hash, mask, salt] = [of(0), of(1), of(2)];
  if (hash === undefined || mask === undefined || salt === undefined || of(3) !== undefined) return 0;
  const known = pssHashes.get(at(hash, 0).toOID());
  const same = at(mask, 1, 0).toOID() === at(hash, 0).toOID();
  return known !== undefined && same && salt.toInteger() === known.salt ? known.number : 0;
}

/** Whole bytes of a BIT STRING. */
function bitsOf({ tag, value }: Asn1): Buffer {
  if (tag !== 3 || value[0] !== 0) throw new Error('no BIT STRING of whole bytes');
  return value.subarray(1);
}
