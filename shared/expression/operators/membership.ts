import { parseRange } from '../range.ts';
import type { Run } from '../run.ts';
import { isList, isObject, type Json } from '../value.ts';
import { itemText, itemTexts } from './item-text.ts';
import { readJson, stringsOf } from './json-strings.ts';
import type { Judge } from './judge.ts';
import { alike, covers, likeAny } from './match.ts';

/** What a list of keys is held against: whether one of them is in it, and whether one is outside of it. */
interface Group {
  contains(text: string): boolean;
  excludes(text: string): boolean;
}

interface Rule {
  /** Of a single key: whether it must not be in the value. */
  readonly negative: boolean;
  /** Of a list of keys. */
  readonly list: (keys: readonly string[], group: Group) => boolean;
  /** Whether a list may be held against a number or a boolean; for the others it cannot be compared with one. */
  readonly single: boolean;
}

/** Kyverno's AnyIn, AllIn, AnyNotIn, AllNotIn (pkg/engine/variables/operator/anyin.go and the others). */
export const anyIn = judge({
  negative: false,
  list: (keys, { contains }) => keys.some(contains),
  single: true,
});
export const allIn = judge({
  negative: false,
  list: (keys, { contains }) => keys.every(contains),
  single: false,
});
export const anyNotIn = judge({
  negative: true,
  list: (keys, { excludes }) => keys.some(excludes),
  single: true,
});
export const allNotIn = judge({
  negative: true,
  list: (keys, { contains }) => !keys.some(contains),
  single: false,
});

/** Of what cannot be compared nothing is said: neither an operator nor its negation holds. */
function judge({ negative, list, single }: Rule): Judge {
  return (key, value, run) => {
    run.spend(1);
    if (isList(key)) {
      const keys = itemTexts(key, run);
      const group = groupOf(keys, value, single, run);
      return group !== undefined && list(keys, group);
    }
    if (key === null || isObject(key)) return false;
    const found = contains(value, itemText(key, run), run);
    return found !== undefined && found !== negative;
  };
}

/** Whether a single key is in the value; `undefined`: they cannot be compared. */
function contains(value: Json, key: string, run: Run): boolean | undefined {
  if (isList(value)) return value.some((item) => alike(itemText(item, run), key, run));
  if (typeof value !== 'string') return undefined;
  if (covers(value, key, run)) return true;
  const range = parseRange(value, run);
  if (range !== undefined) return range.contains(key);
  const read = readJson(value, run);
  if (read === undefined) return false;
  return stringsOf(read.json)?.includes(key);
}

/** What a list of keys is held against; `undefined`: they cannot be compared. */
function groupOf(keys: readonly string[], value: Json, single: boolean, run: Run): Group | undefined {
  if (isList(value)) return groupOfTexts(itemTexts(value, run), run);
  if (typeof value === 'string') return keys.length === 1 && keys[0] === value ? all : groupOfText(value, run);
  if (!single || value === null || isObject(value)) return undefined;
  return groupOfTexts([itemText(value, run)], run);
}

const all: Group = { contains: () => true, excludes: () => false };

/** Of a text: a range, a list of strings written as JSON, or a text alone. */
function groupOfText(value: string, run: Run): Group | undefined {
  const range = parseRange(value, run);
  if (range !== undefined) return range;
  const read = readJson(value, run);
  if (read === undefined) return groupOfTexts([value], run);
  const strings = stringsOf(read.json);
  return strings === undefined ? undefined : groupOfTexts(strings, run);
}

function groupOfTexts(texts: readonly string[], run: Run): Group {
  const contains = likeAny(texts, run);
  return { contains, excludes: (text) => !contains(text) };
}
