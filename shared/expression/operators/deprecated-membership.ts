import { ExpressionError } from '../error.ts';
import { type Run, stepsOfText } from '../run.ts';
import { isList, isObject, type Json } from '../value.ts';
import { itemText } from './item-text.ts';
import { readJson, stringsOf } from './json-strings.ts';
import type { Judge } from './judge.ts';
import { alike, covers } from './match.ts';

/** Kyverno's In (pkg/engine/variables/operator/in.go): of a list, all of it. Wildcards are for single keys alone. */
export const isIn: Judge = (key, value, run) => {
  run.spend(1);
  if (isList(key)) return missing(strings(key, run), value, run) === false;
  return single(key, value, run) === true;
};

/** Kyverno's NotIn (notin.go): of a list, any of it. */
export const isNotIn: Judge = (key, value, run) => {
  run.spend(1);
  if (isList(key)) return missing(strings(key, run), value, run) === true;
  return single(key, value, run) === false;
};

/** Whether a single key is in the value; `undefined`: they cannot be compared. */
function single(key: Json, value: Json, run: Run): boolean | undefined {
  if (key === null || isObject(key)) return undefined;
  const text = itemText(key, run);
  if (isList(value)) return value.some((item) => alike(itemText(item, run), text, run));
  if (typeof value !== 'string') return undefined;
  return covers(value, text, run) || written(value, run)?.includes(text);
}

/** Whether one of the keys at least is not in the value; `undefined`: they cannot be compared. */
function missing(keys: readonly string[], value: Json, run: Run): boolean | undefined {
  if (typeof value === 'string' && keys.length === 1 && keys[0] === value) return false;
  const wanted = isList(value) ? allStrings(value, run) : typeof value === 'string' ? written(value, run) : undefined;
  if (wanted === undefined) return undefined;
  const set = new Set(wanted);
  return keys.some((key) => !set.has(key));
}

/** A list of strings that is written as JSON. */
function written(value: string, run: Run): readonly string[] | undefined {
  const read = readJson(value, run);
  return read === undefined ? undefined : stringsOf(read.json);
}

/** A key that is a list holds strings alone: for any other Kyverno's process panics. Throws ExpressionError. */
function strings(key: readonly Json[], run: Run): readonly string[] {
  const found = allStrings(key, run);
  if (found === undefined)
    throw new ExpressionError('In and NotIn take a list of strings: use AnyIn, AllIn, AnyNotIn or AllNotIn');
  return found;
}

function allStrings(list: readonly Json[], run: Run): readonly string[] | undefined {
  const found: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string') return undefined;
    run.spend(1 + stepsOfText(item.length));
    found.push(item);
  }
  return found;
}
