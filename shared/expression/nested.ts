import { ExpressionError } from './error.ts';
import type { Expression } from './expression.ts';
import { fill } from './fill.ts';
import { type Hole, readOuter } from './outer.ts';
import { type Run, uncounted } from './run.ts';
import type { Scope } from './scope.ts';
import { largestExpression, mark } from './template-text.ts';
import type { Json } from './value.ts';

export type Compile = (text: string) => Expression;

/** Compiled expressions that are kept for each nested one, as long as their text is no longer than this. */
const kept = 8;
const longestKept = 2048;

/** Stands for a name while an expression is compiled to see whether it parses; not likely to be a name of the root's. */
const sampleName = 'name_of_a_variable';

/**
 * An expression that has variables inside it: `time_since('', '{{ metadata.scanFinishedOn }}', '')`. Kyverno puts the inner value's text
 * into the outer expression and parses what comes of it, so that whoever chooses the value writes a part of the policy. Here the
 * policy says what stands where, and a value never leaves its place:
 *
 * - inside `'…'` and `"…"` it is a part of that string or name, whatever characters it has;
 * - inside a literal between backticks it is a part of a JSON string, or a JSON value of its own type;
 * - in brackets it is an index, and must be a whole number;
 * - after a dot, as a key of `{ }`, or as a part of an identifier it is a name, and must be one that needs no quotes. Kyverno would read
 *   `a.b` as a path: that is refused, and `"{{ x }}"` takes it for one name;
 * - where an operand stands, a string is such a name too, as Kyverno reads it, and any other value is itself.
 *
 * `inner` are the values for the marks in `content`, in order. Throws ExpressionError where a variable stands nowhere of this, and
 * where the expression does not parse.
 */
export function compileNested(content: string, inner: readonly Expression[], compile: Compile): Expression {
  const segments = readOuter(content);
  const sample = compile(segments.map((each) => (typeof each === 'string' ? each : sampleOf(each))).join(''));
  const compiled = new Map<string, Expression>();

  function compiledOf(text: string, run: Run): Expression {
    const known = compiled.get(text);
    if (known !== undefined) {
      compiled.delete(text);
      compiled.set(text, known);
      return known;
    }
    run.spend(text.length);
    const expression = compile(text);
    if (text.length <= longestKept) {
      compiled.set(text, expression);
      const [oldest] = compiled.keys();
      if (compiled.size > kept && oldest !== undefined) compiled.delete(oldest);
    }
    return expression;
  }

  const parts = content.split(mark);
  return {
    text: parts.map((part, index) => (index === 0 ? part : `{{ ${inner[index - 1]?.text ?? ''} }}${part}`)).join(''),
    names: unionOf([namesOf(sample), ...inner.map(({ names }) => names)]),
    evaluate(scope: Scope, run: Run): Json {
      const values = inner.map((each) => each.evaluate(scope, run));
      let text = '';
      for (const segment of segments) {
        text += typeof segment === 'string' ? segment : fill(segment, values, run);
        if (text.length > largestExpression) {
          throw new ExpressionError(`with its variables it is longer than ${largestExpression} characters`);
        }
      }
      return compiledOf(text, run).evaluate(scope, run);
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
  if (hole.place === 'index') return '0';
  if (hole.place === 'name' || hole.place === 'operand') return sampleName;
  return fill(hole, [], uncounted);
}
