import fc from 'fast-check';
import { caseOf, type Draft } from './case.ts';
import { now } from './certificates.ts';
import { formats, image } from './corners.ts';
import { coseOf, jwsOf, resignedCose, resignedJws } from './envelopes.ts';
import type { Format, Made } from './peer.ts';

// Envelopes of which bytes are changed at random: of the whole, or of what is signed, which is signed anew.

/** Pieces of JSON, of times and of names. */
const pieces = fc.constantFrom(
  '"',
  '{',
  '}',
  ',',
  ':',
  '[',
  ']',
  ' ',
  '\n',
  '\\',
  '\\u0061',
  'null',
  '0',
  '1',
  '-',
  'e',
);
const words = fc.constantFrom('.', 'true', 'Z', '+08:00', 'T', '\u0000', 'é', 'a', 'crit', 'alg', 'Size', 'digest');
const position = fc.noBias(fc.nat(999_999)).map((drawn) => drawn / 1_000_000);

/** A change at a place: how far into the bytes, from 0 to 1. */
type Change = (bytes: Buffer) => Buffer;
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(position, fc.nat(7)).map(([at, bit]) => replaced(at, 1, ([byte = 0]) => [byte ^ (1 << bit)])),
  fc.tuple(position, fc.nat(255)).map(([at, byte]) => replaced(at, 1, () => [byte])),
  fc.tuple(position, fc.oneof(pieces, words)).map(([at, text]) => replaced(at, 0, () => [...Buffer.from(text)])),
  fc.tuple(position, fc.integer({ min: 1, max: 3 })).map(([at, count]) => replaced(at, count, () => [])),
  fc
    .tuple(position, fc.integer({ min: 1, max: 40 }))
    .map(([at, count]) => replaced(at, count, (bytes) => [...bytes, ...bytes])),
);

function replaced(at: number, count: number, by: (bytes: Buffer) => readonly number[]): Change {
  return (bytes) => {
    const start = Math.floor(at * bytes.length);
    const end = start + count;
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(by(bytes.subarray(start, end))), bytes.subarray(end)]);
  };
}

const mutation = fc.record({
  format: fc.constantFrom<Format>(...formats),
  part: fc.constantFrom('envelope', 'protected', 'payload', 'protected', 'payload'),
  changes: fc.array(change, { minLength: 1, maxLength: 2 }),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

/** So many of them; the same for the same seed. Readers may differ about what is left. */
export function mutated(seed: number, count: number): readonly Draft[] {
  // Where much may be changed that means nothing.
  const [key, value] = ['com.acme.note', 'as good as any other'.repeat(10)];
  const extended = [{ key, value, critical: false }];
  return fc.sample(mutation, { seed, numRuns: count }).map(
    (drew, index): Draft =>
      () =>
        caseOf(`mutated ${seed}/${index}: ${drew.part}`, drew.format, image, {
          sign: { extended, metadata: { [key]: value }, expiry: now + 1_000_000_000 },
          change: (made) => changed(made, drew),
          reason: 'What readers may read differently',
        }),
  );
}

function changed(made: Made, { part, changes }: Mutation): Buffer {
  const all = (bytes: Uint8Array) => changes.reduce<Buffer>((sum, each) => each(sum), Buffer.from(bytes));
  if (part === 'envelope') return all(made.envelope);
  if (made.format === 'cose') {
    const cose = coseOf(made);
    return resignedCose(made, part === 'payload' ? { payload: all(cose.payload) } : { protected: all(cose.protected) });
  }
  const jws = jwsOf(made);
  return part === 'payload'
    ? resignedJws(made, { payload: all(Buffer.from(jws.payload, 'base64url')) })
    : resignedJws(made, { protected: all(Buffer.from(jws.protected, 'base64url')) });
}
