import { isUtf8 } from 'node:buffer';
import type * as Cborg from 'cborg';
import { Malformed } from '../malformed.ts';

/** Values of an envelope: its header, labels and certificates are some dozens. Whatever is nested is, at most, as deep. */
const maxValues = 2000;

let cborg: typeof Cborg | undefined;

/** Loads what reads COSE: only policies that accept Notary signatures take the time. Once; others find it loaded. */
export async function loadCbor(): Promise<void> {
  cborg ??= await import('cborg');
}

/** A value with a tag (RFC 8949 section 3.4): 1, seconds since 1970, or 18, COSE_Sign1. Others are refused. */
export interface Tagged {
  readonly tag: number;
  readonly value: unknown;
}

/**
 * CBOR (RFC 8949) as COSE signers write it: each value in its shortest form and of definite length, no name twice, text in UTF-8,
 * nothing behind the end, no fractions, no number that is not exact. Maps are Maps. Throws Malformed; a defect where `loadCbor` was not awaited.
 */
export function decodeCbor(bytes: Uint8Array, what: string): unknown {
  const { decode, Tagged, Tokenizer, Type } = loaded();
  const options = {
    strict: true,
    allowIndefinite: false,
    allowUndefined: false,
    allowBigInt: false,
    allowInfinity: false,
    allowNaN: false,
    useMaps: true,
    rejectDuplicateMapKeys: true,
    retainStringBytes: true,
    tags: Tagged.preserve(1, 18),
  };
  const tokens = new Tokenizer(plain(bytes), options);
  let values = 0;
  const tokenizer = {
    done: () => tokens.done(),
    pos: () => tokens.pos(),
    next() {
      const token = tokens.next();
      values += 1;
      if (values > maxValues) throw new Malformed(`${what} holds over ${maxValues} values`);
      // A whole number may be written as a fraction: a label, or a time, would have two forms.
      if (Type.equals(token.type, Type.float)) throw new Malformed(`${what} has a fraction`);
      if (Type.equals(token.type, Type.string) && token.byteValue !== undefined && !isUtf8(token.byteValue)) {
        throw new Malformed(`${what} has text that is not UTF-8`);
      }
      return token;
    },
  };
  try {
    return decode(plain(bytes), { ...options, tokenizer });
  } catch (thrown) {
    if (thrown instanceof Malformed) throw thrown;
    throw new Malformed(`${what} is not CBOR in the form that COSE signers write`);
  }
}

export function taggedValue(value: unknown): Tagged | undefined {
  return value instanceof loaded().Tagged ? value : undefined;
}

/** A list, as CBOR of definite length. */
export function encodeCbor(list: readonly unknown[]): Uint8Array {
  return loaded().encode(list);
}

function loaded(): typeof Cborg {
  if (cborg === undefined) throw new Error('a COSE envelope was read before loadCbor was awaited');
  return cborg;
}

/** The parts of a Buffer are Buffers, on memory that others share. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
