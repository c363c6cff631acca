import { dsse } from '@sigstore/core';
import { isJsonObject, type JsonObject } from '../admission/json.ts';
import { bytesInSlice } from '../net/json-bounds.ts';
import type { Slices } from '../slices.ts';
import { decodeBase64 } from './base64.ts';
import type { EnvelopeHashes, Material, Signed } from './evidence.ts';
import { refuseMoreBytes } from './log-bounds.ts';
import { Malformed } from './malformed.ts';
import { statementPayloadType } from './statement.ts';

const maxSignatures = 32;
/** Bytes of one signature. */
export const maxSignature = 16 * 1024;

/** A DSSE envelope, its first signature alone: whoever verifies has to be satisfied by one. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
  /** Of one that was attached bare. */
  readonly hashes?: EnvelopeHashes;
}

/** A DSSE envelope around an in-toto statement (DSSE v1). Throws Malformed. */
export function* readEnvelope({ payloadType, payload, signatures }: JsonObject): Slices<Envelope> {
  if (payloadType !== statementPayloadType) throw new Malformed('the envelope holds no in-toto statement');
  const [first]: readonly unknown[] = Array.isArray(signatures) ? signatures : [];
  const isLong = typeof payload === 'string' && payload.length > bytesInSlice;
  if (isLong) yield;
  const decoded = decodeBase64(payload, "the envelope's payload");
  if (isLong) yield;
  return {
    payloadType,
    payload: decoded,
    signature: decodeBase64(isJsonObject(first) ? first['sig'] : undefined, "the envelope's signature"),
  };
}

/** Asked before an envelope is parsed any further. Throws Malformed. */
export function refuseLargeSignatures({ signatures }: JsonObject): void {
  if (!Array.isArray(signatures)) return;
  if (signatures.length > maxSignatures) throw new Malformed(`the envelope has over ${maxSignatures} signatures`);
  for (const signature of signatures) {
    refuseMoreBytes(isJsonObject(signature) ? signature['sig'] : undefined, maxSignature, 'a signature');
  }
}

export function signedEnvelope({ payloadType, payload, signature, hashes }: Envelope, material: Material): Signed {
  const pae = dsse.preAuthEncoding(payloadType, payload);
  // It ends with the payload, which is kept once.
  const signed = pae.subarray(pae.length - payload.length);
  const bare = hashes === undefined ? {} : { envelope: hashes };
  return { format: 'dsse', payloadType, payload: signed, pae, ...bare, signature, material };
}
