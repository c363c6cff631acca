import { readPredicate } from '../evidence/predicate.ts';
import type { Json } from '../expression/value.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';

/** Values that one review may read: all of them are held until it has been weighed. With a name of its own one takes 240 bytes. */
const mostValues = 1_000_000;

interface Parsed {
  readonly predicate: Json;
  readonly values: number;
}

/** What was parsed of bytes, for as long as somebody has them. */
const parsed = new WeakMap<Uint8Array, Parsed>();

/** The predicates that one review reads, by the hash: each is parsed once and counted once, whoever parsed it. */
export class ReviewPredicates {
  readonly #read = new Map<string, Parsed>();
  readonly #counted = new Set<string>();
  #left = mostValues;

  /** `undefined`: it has not been read, or is none. */
  get(hash: string): Json | undefined {
    return this.#read.get(hash)?.predicate;
  }

  /** Reads bytes that have the hash. Throws Malformed, and Refusal `review-too-large`. */
  *read(hash: string, bytes: Uint8Array): Slices<Json> {
    const before = this.#read.get(hash) ?? parsed.get(bytes) ?? (yield* this.#parse(hash, bytes));
    this.#count(hash, before.values);
    this.#read.set(hash, before);
    return before.predicate;
  }

  /** Whoever comes with these bytes, which have the hash, finds them read. */
  keep(hash: string, bytes: Uint8Array): void {
    const read = this.#read.get(hash);
    if (read !== undefined) parsed.set(bytes, read);
  }

  *#parse(hash: string, bytes: Uint8Array): Slices<Parsed> {
    let values = 0;
    const predicate = yield* readPredicate(bytes, (count) => {
      this.#count(hash, count);
      values = count;
    });
    // What JSON.parse gives is JSON.
    const read = { predicate: predicate as Json, values };
    parsed.set(bytes, read);
    return read;
  }

  #count(hash: string, values: number): void {
    if (this.#counted.has(hash)) return;
    if (values > this.#left) {
      const told = `what is attested of this review's images holds over ${mostValues} values`;
      throw new Refusal('review-too-large', told);
    }
    this.#left -= values;
    this.#counted.add(hash);
  }
}
