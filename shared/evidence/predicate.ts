import { hashInSlices } from '../net/hash.ts';
import { bytesInSlice } from '../net/json-bounds.ts';
import type { Slices } from '../slices.ts';
import type { Stated } from './evidence.ts';
import { parseBounded } from './json.ts';
import { Malformed } from './malformed.ts';
import { membersNamed } from './member.ts';
import { maxStatementValues } from './statement.ts';

/** Bytes of a predicate: an envelope has no more, and a store that keeps predicates by their hash need not believe its own. */
const maxPredicate = 16 * 1024 * 1024;
/** An SBOM of 12 MiB, the most that an envelope of 16 MiB holds, has 400,000; that many with a name of their own take 150 MB. */
const maxValues = 500_000;

/** What a statement states, as it was signed. */
export interface Predicate {
  /** Of the payload, without the blanks around them; of a Notary attestation its layer as it is. */
  readonly bytes: Uint8Array;
  /** SHA-256, hex, of these bytes: by which a predicate is known once its statement has been verified. */
  readonly hash: string;
}

/**
 * The predicate of a statement that was kept, not parsed yet. A statement without one, or with several, of which readers take one or
 * another, has none. Throws Malformed.
 */
export function* predicateOf({ signed }: Pick<Stated, 'signed'>): Slices<Predicate> {
  if (signed.format === 'notary' && signed.attested !== undefined) return yield* hashed(signed.attested.predicate);
  if (signed.format !== 'dsse') throw new Malformed('what is signed is no statement');
  const [bytes, another] = yield* membersNamed(signed.payload, 'predicate', maxStatementValues);
  if (bytes === undefined) throw new Malformed('the statement has no predicate');
  if (another !== undefined) throw new Malformed('the statement has more than one predicate');
  return yield* hashed(bytes);
}

function* hashed(bytes: Uint8Array): Slices<Predicate> {
  return { bytes, hash: (yield* hashInSlices('sha256', bytes, bytesInSlice)).toString('hex') };
}

/**
 * A predicate as JSON from outside: of at most 16 MiB, 500,000 values, of them 100,000 fields of one object, 64 deep, the last one of equal
 * names. cosign's type `custom` keeps what it was given as text in `Data`, which is left as it is. `counted` is told how many values there
 * are before they are parsed. Throws Malformed, and what `counted` throws.
 */
export function* readPredicate(bytes: Uint8Array, counted?: (values: number) => void): Slices<unknown> {
  if (bytes.byteLength > maxPredicate) throw new Malformed(`the predicate is over ${maxPredicate} bytes`);
  return yield* parseBounded(bytes, 'the predicate', maxValues, counted);
}
