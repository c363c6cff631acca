/**
 * JSON as Go's encoding/json writes it, which is what cosign signs: without spaces, keys of maps sorted by their
 * bytes, and `<`, `>`, `&`, U+2028 and U+2029 escaped. Fields of objects keep their order: sort those that are maps
 * in Go with `sorted`.
 */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A time as Go writes one of whole seconds in UTC (RFC 3339). */
export function goTime(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The entries of a map in Go's order. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(map).sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right))),
  );
}
