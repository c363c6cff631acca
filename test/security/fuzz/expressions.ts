import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { compileExpression, createRun, functionTable } from '../../../shared/expression/engine.ts';
import { ExpressionError } from '../../../shared/expression/error.ts';
import type { Scope } from '../../../shared/expression/scope.ts';
import type { Json, JsonObject } from '../../../shared/expression/value.ts';
import { loadRegExps } from '../../../shared/regexp.ts';
import { anyText, damaged } from './mutate.ts';
import { demand, orRefused, type Target, target } from './target.ts';

/** The names that documents and expressions share, so that they meet. */
const names = ['a', 'b', 'c', '__proto__', 'constructor', 'length', 'toString'];
const field = fc.constantFrom(...names, 'a', 'b', 'c', '"a"', '"\\u0062"', '""');
const literal = fc.oneof(
  fc.constantFrom(`'a'`, `''`, `'\\\\d'`, `'it\\'s'`, '`null`', '`true`', '`0`', '`-1.5`', '`"\\`"`', '`[]`', '`{}`'),
  fc.constantFrom('`[1, [2, [3]], "a"]`', '`["b", "a", "\u{1f600}", "\uffff"]`', '`{"a": {"b": 1}, "__proto__": 2}`'),
);
const binary = fc.constantFrom('||', '&&', '|', '==', '!=', '<', '<=', '>', '>=');
const functions = [...functionTable.values()].filter(({ name }) => name !== 'random');

/** Expressions by the grammar of 2015, all functions among them, with what may stand where it should not. */
export const expressions: fc.Arbitrary<string> = fc.letrec<{
  whole: string;
  part: string;
  call: string;
  given: string;
}>((tie) => ({
  whole: fc.oneof(
    { maxDepth: 6, depthIdentifier: 'expression', withCrossShrink: true },
    { weight: 3, arbitrary: field },
    { weight: 2, arbitrary: literal },
    { weight: 1, arbitrary: fc.constantFrom('@', '*', '[]', '[*]', '[0]') },
    { weight: 4, arbitrary: fc.tuple(tie('whole'), tie('part')).map((both) => both.join('')) },
    { weight: 2, arbitrary: fc.tuple(tie('whole'), binary, tie('whole')).map((parts) => parts.join(' ')) },
    { weight: 1, arbitrary: tie('whole').map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie('whole').map((inner) => `!${inner}`) },
    { weight: 2, arbitrary: tie('call') },
  ),
  part: fc.oneof(
    field.map((name) => `.${name}`),
    fc.constantFrom('.*', '[*]', '[]', '[0]', '[-1]', '[1:]', '[::-1]', '[-2:9:2]'),
    tie('whole').map((inner) => `[?${inner}]`),
    fc.array(tie('whole'), { minLength: 1, maxLength: 3 }).map((inner) => `.[${inner.join(', ')}]`),
    fc.tuple(field, tie('whole')).map(([name, inner]) => `.{${name}: ${inner}, "b": @}`),
    tie('whole').map((inner) => ` | ${inner}`),
  ),
  call: fc.oneof(
    fc
      .tuple(fc.constantFrom(...functions), fc.array(tie('given'), { minLength: 5, maxLength: 5 }))
      .map(([{ name, takes }, given]) => `${name}(${given.slice(0, takes.length).join(', ')})`),
    fc.tuple(tie('whole'), tie('whole')).map(([of, each]) => `map(&${each}, ${of})`),
    fc
      .tuple(fc.constantFrom('sort_by', 'max_by', 'min_by'), tie('whole'), tie('whole'))
      .map(([name, of, each]) => `${name}(${of}, &${each})`),
  ),
  given: fc.oneof({ weight: 5, arbitrary: tie('whole') }, { weight: 1, arbitrary: tie('whole').map((e) => `&${e}`) }),
})).whole;

const value = fc.letrec<{ any: Json; object: { [name: string]: Json } }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'value' },
    fc.constantFrom<Json>(null, true, false, 0, 1, 2, -1.5, 1e21, '', 'a', 'b', '12', '<&>', '\u{1f600}', '\ud800'),
    fc.array(tie('any'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...names), tie('any')), { maxLength: 4 })
    .map((entries) => JSON.parse(`{${entries.map(([name, inner]) => `"${name}":${JSON.stringify(inner)}`).join()}}`)),
}));
/** What expressions are about: own fields of any name, as JSON.parse makes them. */
export const documents: fc.Arbitrary<{ readonly [name: string]: Json }> = value.object;

const steps = 20_000;

export async function jmespath(): Promise<Target> {
  await loadRegExps();
  const written = expressions.chain((text) => damaged(text));
  const input = fc.tuple(fc.oneof({ weight: 8, arbitrary: expressions }, written, anyText), documents);
  return target('JMESPath', input, ([text, document]) => {
    const compiled = orRefused(() => compileExpression(text, functionTable), isExpressionError);
    if (compiled === undefined) return;
    const before = JSON.stringify(document);
    const { scope, asked } = watching(document);
    const evaluate = () => orRefused(() => compiled.evaluate(scope, createRun(0, steps)), isExpressionError);
    const first = evaluate();
    demand(isDeepStrictEqual(first, evaluate()), 'two answers to one question');
    demand(JSON.stringify(document) === before, 'what it is about was changed');
    const { names: told } = compiled;
    demand(told === undefined || asked.isSubsetOf(told), 'it asks for a name that it did not tell');
    demand(Object.keys(Object.prototype).length === 0 && Object.getPrototypeOf({}) === Object.prototype, 'a prototype');
    demand(typeof first !== 'function', 'a value that no JSON has');
    JSON.stringify(first);
  });
}

export const isExpressionError = (thrown: unknown) => thrown instanceof ExpressionError;

/** A scope of `more` and of a document's own fields; `asked` is filled with the names that it is asked for. */
export function watching(document: JsonObject, more: ReadonlyMap<string, string> = new Map()) {
  const asked = new Set<string>();
  const get = (name: string) => {
    asked.add(name);
    return more.get(name) ?? (Object.hasOwn(document, name) ? document[name] : undefined);
  };
  const scope: Scope = { get, names: () => [...more.keys(), ...Object.keys(document)] };
  return { scope, asked };
}
