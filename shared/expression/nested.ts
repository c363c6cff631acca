import { LRUCache } from 'lru-cache';
import { ExpressionError } from './error.ts';
import type { Expression } from './expression.ts';
import { fill } from './fill.ts';
import { type Hole, readOuter } from './outer.ts';
import { type Run, uncounted } from './run.ts';
import type { Scope } from './scope.ts';
import { largestExpression, type Variable } from './template-text.ts';

export type Compile = (text: string) => Expression;

/** An expression of a policy. Where variables stand in it, another one by what they come to. */
export interface Bindable {
  /** The names of the root that it begins with, and that the variables in it begin with; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Those of the variables in it alone. */
  readonly innerNames: ReadonlySet<string> | undefined;
  /** Throws ExpressionError where a variable has no value, or none that can stand where it does. */
  bind(scope: Scope, run: Run): Expression;
}

/** Compiled expressions that are kept for each that has variables in it, as long as their text is no longer than this. */
const mostKept = 8;
const longestKept = 2048;

/** Stands for a name while an expression is compiled to see whether it parses; not likely to be a name of the root's. */
const sampleName = 'name_of_a_variable';

/**
 * Reads an expression that may have variables in it: `time_since('', '{{ metadata.scanFinishedOn }}', '')`. Kyverno puts the inner value's
 * text into the outer expression and parses what comes of it, so that whoever chooses the value writes a part of the policy.
 * Here the policy says what stands where, and a value never leaves its place:
 *
 * - inside `'…'` and `"…"` it is a part of that string or name, whatever characters it has;
 * - inside a literal between backticks it is a part of a JSON string, or a JSON value of its own type;
 * - in brackets it is an index, and must be a whole number;
 * - after a dot, as a key of `{ }`, or as a part of an identifier it is a name, and must be one that needs no quotes. Kyverno would read
 *   `a.b` as a path: that is refused, and `"{{ x }}"` takes it for one name;
 * - where an operand stands, a string is such a name too, as Kyverno reads it, and any other value is itself.
 *
 * Throws ExpressionError where a variable stands nowhere of this, and where an expression does not parse.
 */
export function compileVariable({ content, inner }: Pick<Variable, 'content' | 'inner'>, compile: Compile): Bindable {
  if (inner.length === 0) {
    const expression = compile(content);
    return { names: expression.names, innerNames: new Set(), bind: () => expression };
  }
  const segments = readOuter(content);
  const sample = compile(segments.map((each) => (typeof each === 'string' ? each : sampleOf(each))).join(''));
  const variables = inner.map((each) => compileVariable(each, compile));
  const innerNames = unionOf(variables.map(({ names }) => names));
  const kept = new LRUCache<string, Expression>({ max: mostKept });
  return {
    names: unionOf([namesOf(sample), innerNames]),
    innerNames,
    bind(scope, run) {
      const values = variables.map((each) => each.bind(scope, run).evaluate(scope, run));
      let text = '';
      for (const segment of segments) {
        text += typeof segment === 'string' ? segment : fill(segment, values, run);
        if (text.length > largestExpression) {
          throw new ExpressionError(`with its variables it is longer than ${largestExpression} characters`);
        }
      }
      const known = kept.get(text);
      if (known !== undefined) return known;
      run.spend(text.length);
      const expression = compile(text);
      if (text.length <= longestKept) kept.set(text, expression);
      return expression;
    },
  };
}

/** `undefined`, any, if one of them is. */
export function unionOf(all: readonly (ReadonlySet<string> | undefined)[]): ReadonlySet<string> | undefined {
  const union = new Set<string>();
  for (const names of all) {
    if (names === undefined) return undefined;
    for (const name of names) union.add(name);
  }
  return union;
}

function namesOf(sample: Expression): ReadonlySet<string> | undefined {
  return sample.names?.has(sampleName) === true ? undefined : sample.names;
}

/** Something for each place, whatever the value: names that are no value's. */
function sampleOf(hole: Hole): string {
  if (hole.place === 'index') return '1';
  if (hole.place === 'string' || hole.place === 'literal') return fill(hole, [], uncounted);
  return `"${sampleName}"`;
}
