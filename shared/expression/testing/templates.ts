import { compileExpression } from '../compile.ts';
import type { Expression } from '../expression.ts';
import type { ExpressionFunction } from '../functions/function.ts';
import { functionTable, tableOf } from '../functions/table.ts';
import { createRun } from '../run.ts';
import type { Scope } from '../scope.ts';
import { compileTemplate } from '../template.ts';
import { isObject, type Json } from '../value.ts';

/** `echo(a, b)` comes to `[a, b]`: what a function is given. */
const echo: ExpressionFunction = { name: 'echo', takes: [['any']], variadic: true, call: (given) => given };
const table = tableOf([...functionTable.values()], [echo]);

export function compile(text: string): Expression {
  return compileExpression(text, table);
}

/** A scope that has an object's fields, and tells which were asked for. */
export function scopeOf(values: Json): Scope & { readonly asked: Set<string> } {
  if (!isObject(values)) throw new Error('a scope has names');
  const asked = new Set<string>();
  return {
    asked,
    get(name) {
      asked.add(name);
      return Object.hasOwn(values, name) ? values[name] : undefined;
    },
    names: () => Object.keys(values),
  };
}

/** What a value of a policy comes to. */
export function rendered(tree: Json, values: Json = {}): Json {
  return compileTemplate(tree, compile).render(scopeOf(values), createRun(0));
}
