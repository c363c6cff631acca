import { LRUCache } from 'lru-cache';
import { isList, isObject, type Json } from '../../expression/value.ts';
import type { Entry } from '../policy.ts';
import type { LoadProblem } from '../problems.ts';
import { isRegExp } from './regexp.ts';

/** What an entry with variables has become. */
export type Become = Entry | readonly LoadProblem[];

/** What one written entry has become, by its values as JSON. */
export interface KeptEntries {
  get(name: string): Become | undefined;
  set(name: string, become: Become, value: Json): void;
}

/**
 * Bytes of what all entries of all policies have become: objects' authors choose the values, and auto-gen makes three entries of one. Teams
 * and their identities by the thousand fit.
 */
const mostBytes = 32 * 1024 * 1024;
/** Bytes of an entry and the check that is made of it, about: itself, and for each UTF-16 unit, which its name holds as well. */
const ofEntry = 4096;
const ofUnit = 6;
/** The same of a regular expression, which is compiled, and of keys in PEM. */
const ofRegExpUnit = 320;
const ofPemUnit = 32;

const kept = new LRUCache<string, Become>({ maxSize: mostBytes });
let written = 0;

/** Those of one more written entry; they share the room of all. */
export function keptEntries(): KeptEntries {
  written += 1;
  const prefix = `${written} `;
  return {
    get: (name) => kept.get(prefix + name),
    set(name, become, value) {
      kept.set(prefix + name, become, { size: ofEntry + ofUnit * name.length + bytesOf(value) });
    },
  };
}

/** Of what is held beside its text. */
function bytesOf(value: Json, name = ''): number {
  if (isList(value)) return value.reduce<number>((sum, item) => sum + bytesOf(item, name), 0);
  if (isObject(value)) return Object.entries(value).reduce((sum, [field, inner]) => sum + bytesOf(inner, field), 0);
  if (typeof value !== 'string') return 0;
  if (isRegExp(name)) return ofRegExpUnit * value.length;
  return value.includes('-----BEGIN') ? ofPemUnit * value.length : 0;
}
