import { isList, isObject, type Json, type JsonObject } from '../value.ts';

/** Arguments of a type that the function takes there; the defect is ours where they are not. */
export function textAt(given: readonly Json[], at: number): string {
  const value = given[at];
  if (typeof value !== 'string') throw unchecked(at);
  return value;
}

export function numberAt(given: readonly Json[], at: number): number {
  const value = given[at];
  if (typeof value !== 'number') throw unchecked(at);
  return value;
}

export function listAt(given: readonly Json[], at: number): readonly Json[] {
  const value = given[at];
  if (value === undefined || !isList(value)) throw unchecked(at);
  return value;
}

export function objectAt(given: readonly Json[], at: number): JsonObject {
  const value = given[at];
  if (value === undefined || !isObject(value)) throw unchecked(at);
  return value;
}

export function valueAt(given: readonly Json[], at: number): Json {
  const value = given[at];
  if (value === undefined) throw unchecked(at);
  return value;
}

function unchecked(at: number): Error {
  return new Error(`argument ${at + 1} of a function was not checked`);
}
