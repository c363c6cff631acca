/** What JSON holds. What comes from outside was parsed within bounds; fields are an object's own alone. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

/** How deep a value may nest: what comes from outside is half as deep, and the rest is for what expressions build of it. */
export const largestDepth = 128;

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is the object's own; `undefined`: it has none of that name. */
export function fieldOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** For building: every name is a field like any other, `__proto__` too. */
export function emptyObject(): Record<string, Json> {
  return Object.create(null);
}
