import { quoted } from '../../printable.ts';
import { ExpressionError } from '../error.ts';
import type { Run } from '../run.ts';
import { isList, type Json } from '../value.ts';
import type { ArgumentType, ExpressionFunction } from './function.ts';

const phrases: Readonly<Record<ArgumentType, string>> = {
  any: 'any value',
  array: 'an array',
  boolean: 'a boolean',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

/** How many arguments a call has is seen without evaluating it. Throws ExpressionError. */
export function checkCount({ name, takes, variadic = false }: ExpressionFunction, given: number): void {
  if (variadic ? given >= takes.length : given === takes.length) return;
  const wanted = `${variadic ? 'at least ' : ''}${takes.length} ${takes.length === 1 ? 'argument' : 'arguments'}`;
  throw new ExpressionError(`${name}() takes ${wanted}, not ${given}`);
}

/** What the function makes of arguments whose number is right. Throws ExpressionError. */
export function call(called: ExpressionFunction, given: readonly Json[], run: Run): Json {
  for (const [at, value] of given.entries()) {
    const types = called.takes[at] ?? called.takes.at(-1) ?? [];
    if (!types.includes('any') && !types.includes(typeOf(value))) throw wrongType(called.name, at, types, value);
  }
  return called.call(given, run);
}

/** `at`: from 0. */
export function wrongType(name: string, at: number, types: readonly ArgumentType[], given: Json): ExpressionError {
  const wanted = types.map((type) => phrases[type]).join(' or ');
  return new ExpressionError(`${name}() takes ${wanted} as argument ${at + 1}, not ${described(given)}`);
}

export function typeOf(value: Json): Exclude<ArgumentType, 'any'> {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  const type = typeof value;
  return type === 'number' || type === 'string' || type === 'boolean' ? type : 'object';
}

/** Whoever writes what an expression is about writes this too: a few words of it do. */
export function described(value: Json): string {
  if (typeof value === 'string') return `the string ${quoted(value, 40)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (isList(value)) return `an array of ${value.length}`;
  return value === null || typeof value === 'boolean' ? String(value) : 'an object';
}
