import { compileExpression } from '../compile.ts';
import { functionTable } from '../functions/table.ts';
import { createRun, type Run } from '../run.ts';
import type { Scope } from '../scope.ts';
import type { Json } from '../value.ts';

/** What an expression comes to about a document whose fields are the root's names. */
export function evaluate(text: string, document: unknown = {}, run: Run = createRun(0)): Json {
  return compileExpression(text, functionTable).evaluate(scopeOf(document), run);
}

/** A document's own fields as names. `asked` collects those that were asked for. */
export function scopeOf(document: unknown, asked: Set<string> = new Set()): Scope {
  const fields = new Map<string, Json>(Object.entries(document as object));
  return {
    get(name) {
      asked.add(name);
      return fields.get(name);
    },
    names: () => fields.keys(),
  };
}

/** JSON as it comes from outside: fields of any name are the object's own. */
export function json(text: string): Json {
  return JSON.parse(text);
}
