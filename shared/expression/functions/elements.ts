import { ExpressionError } from '../error.ts';
import type { Key } from '../order.ts';
import type { Run } from '../run.ts';
import type { Json } from '../value.ts';
import { described } from './call.ts';

/** The numbers of a list that may hold nothing else. Throws ExpressionError. */
export function numbersOf(name: string, list: readonly Json[], run: Run): number[] {
  run.spend(list.length);
  return list.map((element) => (typeof element === 'number' ? element : wrong(name, 'numbers', element)));
}

/** The same of texts. */
export function textsOf(name: string, list: readonly Json[], run: Run): string[] {
  run.spend(list.length);
  return list.map((element) => (typeof element === 'string' ? element : wrong(name, 'strings', element)));
}

/** The same of either kind, that of the first. */
export function keysOf(name: string, list: readonly Json[], run: Run): Key[] {
  const [first = 0] = list;
  if (typeof first === 'string') return textsOf(name, list, run);
  return typeof first === 'number' ? numbersOf(name, list, run) : wrong(name, 'numbers or of strings', first);
}

function wrong(name: string, wanted: string, element: Json): never {
  throw new ExpressionError(`${name}() takes an array of ${wanted}, not one with ${described(element)}`);
}
