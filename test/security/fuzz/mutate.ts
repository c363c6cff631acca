import fc from 'fast-check';

/** Strings that parsers have stumbled over. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  '\ufeff',
  '../../x',
  'a'.repeat(10_000),
  '%2e%2e%2f',
  '[::ffff:a9fe:a9fe]',
  'x'.repeat(300),
  `sha256:${'a'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
);
export const anyText = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 }));
const anyJson = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, 0, -1, 1e308, true, [], {}, [null], [[]]),
);

type Json = unknown;
interface Edit {
  readonly at: number;
  readonly how: 'replace' | 'delete' | 'rename' | 'twice' | 'nest';
  readonly value: Json;
  readonly name: string;
}
const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'delete', 'rename', 'twice', 'nest'),
  value: anyJson,
  name: anyText,
});

/** A valid document with one to four of its parts replaced, deleted, renamed, doubled or nested. */
export function edited(valid: Json): fc.Arbitrary<Json> {
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let document: Json = structuredClone(valid);
    for (const one of edits) document = apply(document, one);
    return document;
  });
}

/** The JSON of an edited document, of the document as it is, or any text at all. */
export function jsonLike(valid: Json): fc.Arbitrary<string> {
  const json = edited(valid).map((value) => JSON.stringify(value) ?? '');
  return fc.oneof(
    { weight: 8, arbitrary: json },
    { weight: 2, arbitrary: json.chain(damaged) },
    { weight: 1, arbitrary: anyText },
  );
}

/** A text with some of its characters changed, left out or put in, at one place. */
export function damaged(valid: string): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.string({ unit: 'binary', maxLength: 8 })).map(([at, gone, put]) => {
    const start = at % (valid.length + 1);
    return valid.slice(0, start) + put + valid.slice(start + gone);
  });
}

function apply(document: Json, { at, how, value, name }: Edit): Json {
  const places = placesIn(document);
  const place = places[at % (places.length + 1)];
  // The document as a whole is one of the places.
  if (place === undefined) return how === 'nest' ? [document] : how === 'replace' ? structuredClone(value) : document;
  const { holder, key } = place;
  const before = holder[key];
  if (how === 'replace') put(holder, key, structuredClone(value));
  else if (how === 'nest') put(holder, key, [before]);
  else if (how === 'twice')
    Array.isArray(holder) ? holder.push(structuredClone(before)) : put(holder, `${key}2`, before);
  else if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else {
    delete holder[key];
    if (how === 'rename') put(holder, name, before);
  }
  return document;
}

type Holder = Record<string, Json> & (Json[] | Record<string, Json>);

function placesIn(document: Json, found: { holder: Holder; key: string }[] = []) {
  if (typeof document !== 'object' || document === null) return found;
  const holder = document as Holder;
  for (const key of Object.keys(holder)) {
    found.push({ holder, key });
    placesIn(holder[key], found);
  }
  return found;
}

/** An own property, `__proto__` too, as JSON.parse makes one. */
function put(holder: Holder, key: string, value: Json): void {
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Bytes with one to four of their places changed, left out, put in, or put there from elsewhere in them. */
export function damagedBytes(valid: Uint8Array): fc.Arbitrary<Buffer> {
  const how = fc.constantFrom('set', 'flip', 'remove', 'insert', 'copy', 'length');
  const change = fc.record({ at: fc.nat(), how, count: fc.integer({ min: 1, max: 16 }), byte: fc.nat({ max: 255 }) });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let bytes: Buffer = Buffer.from(valid);
    for (const one of changes) bytes = changed(bytes, one);
    return bytes;
  });
}

function changed(
  bytes: Buffer,
  {
    at,
    how,
    count,
    byte,
  }: { readonly at: number; readonly how: string; readonly count: number; readonly byte: number },
): Buffer {
  const start = at % (bytes.length + 1);
  const before = bytes.subarray(0, start);
  if (how === 'remove') return Buffer.concat([before, bytes.subarray(start + count)]);
  if (how === 'insert') return Buffer.concat([before, Buffer.alloc(count, byte), bytes.subarray(start)]);
  if (how === 'copy') return Buffer.concat([before, bytes.subarray(byte, byte + count * 8), bytes.subarray(start)]);
  const here = bytes[start] ?? 0;
  const other = how === 'set' ? byte : how === 'flip' ? here ^ (1 << (byte & 7)) : here + (byte & 1) * 2 - 1;
  return Buffer.concat([before, Uint8Array.of(other & 0xff), bytes.subarray(start + 1)]);
}
