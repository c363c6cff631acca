/** An object that JSON.parse made of bytes from outside. Its fields are read with `own`, and it is never spread or merged. */
export interface JsonObject {
  readonly [key: string]: unknown;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A field of the object's own: `constructor` and `__proto__` are no fields unless they were written. JSON's null reads as
 * absent, as Kubernetes reads it.
 */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}
