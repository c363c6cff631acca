import { shortened } from '../printable.ts';
import { ExpressionError, ExpressionTooCostly, told } from './error.ts';
import { textOf } from './literal.ts';
import { type Compile, compileVariable, unionOf } from './nested.ts';
import { type Path, resolveReferences } from './references.ts';
import { type Run, uncounted } from './run.ts';
import { nothing, type Scope } from './scope.ts';
import { takeApart, type Variable } from './template-text.ts';
import { emptyObject, isList, type Json } from './value.ts';

/** A value of a policy in which variables stand (`{{ }}`, `$( )`), read once. */
export interface Template {
  /** The names of the root that its variables begin with; `undefined`: any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Whether there are variables in it at all. */
  readonly variable: boolean;
  /** The value with its variables substituted; what was substituted is never read as a variable. Throws ExpressionError. */
  render(scope: Scope, run: Run): Json;
}

const maxDepth = 32;
/** Values and keys of a tree. */
const maxValues = 10_000;
const maxVariables = 1_000;
/** UTF-16 units of the texts with variables in them that one rendering may make. */
const largestOutput = 1024 * 1024;

/** What one rendering goes by. */
interface Use {
  readonly scope: Scope;
  readonly run: Run;
  /** UTF-16 units that may yet be made. */
  room: number;
}

type Node = { readonly constant: Json } | { readonly render: (use: Use) => Json };

/**
 * Reads a value of a policy, by the rules of Kyverno's pkg/engine/variables: references first, then variables, the innermost first;
 * a text that is one variable becomes the variable's value with its type, a key too, which must be a string; in any other text a
 * value is written as a text. `at` is the value's place, for messages. Throws ExpressionError.
 */
export function compileTemplate(tree: Json, compile: Compile, at = ''): Template {
  const reader = new Reader(tree, compile, at);
  const node = reader.node(tree, []);
  return {
    names: unionOf(reader.names),
    variable: reader.names.length > 0,
    render: (scope, run) => rendered(node, { scope, run, room: largestOutput }),
  };
}

class Reader {
  readonly names: (ReadonlySet<string> | undefined)[] = [];
  private values = 0;
  private variables = 0;
  private readonly tree: Json;
  private readonly compile: Compile;
  private readonly at: string;

  constructor(tree: Json, compile: Compile, at: string) {
    this.tree = tree;
    this.compile = compile;
    this.at = at;
  }

  node(value: Json, path: Path): Node {
    this.values += 1;
    if (path.length > maxDepth) throw new ExpressionError(`${this.at} is nested more than ${maxDepth} deep`);
    if (this.values > maxValues) throw new ExpressionError(`${this.at} has more than ${maxValues} values`);
    if (typeof value === 'string') return this.text(value, path, placeOf(this.at, path));
    if (typeof value !== 'object' || value === null) return { constant: value };
    return isList(value) ? this.list(value, path) : this.object(value, path);
  }

  private list(value: readonly Json[], path: Path): Node {
    const nodes = value.map((each, index) => this.node(each, [...path, index]));
    const render = (use: Use): Json => nodes.map((node) => rendered(node, use));
    return nodes.every(isConstant) ? { constant: nodes.map(({ constant }) => constant) } : { render };
  }

  private object(value: { readonly [name: string]: Json }, path: Path): Node {
    const fields = Object.entries(value).map(([name, each]) => {
      const place = placeOf(this.at, [...path, name]);
      // A relative reference in a key begins at the object.
      return { place, key: this.text(name, path, place), node: this.node(each, [...path, name]) };
    });
    const render = (use: Use): Json => {
      const object = emptyObject();
      for (const { place, key, node } of fields) {
        const name = rendered(key, use);
        if (typeof name !== 'string')
          throw new ExpressionError(`${place}: a key comes to something other than a string`);
        if (name in object) throw new ExpressionError(`${place}: a key comes to a name that another one has`);
        object[name] = rendered(node, use);
      }
      return object;
    };
    if (!fields.every(({ key, node }) => isConstant(key) && isConstant(node))) return { render };
    return { constant: render({ scope: nothing, run: uncounted, room: 0 }) };
  }

  private text(text: string, path: Path, place: string): Node {
    return told(place, () => {
      const parts = takeApart(resolveReferences(this.tree, text, path)).map((part) =>
        typeof part === 'string' ? part : this.variable(part, place),
      );
      const [first = '', ...others] = parts;
      if (typeof first === 'string' && others.length === 0) return { constant: first };
      if (typeof first !== 'string' && others.length === 0) return { render: first };
      return { render: (use) => parts.reduce<string>((made, part) => made + written(part, use), '') };
    });
  }

  private variable(variable: Variable, place: string): (use: Use) => Json {
    this.variables += countOf(variable);
    if (this.variables > maxVariables) throw new ExpressionError(`there are more than ${maxVariables} variables`);
    const shown = `{{ ${shortened(variable.source, 120)} }}`;
    const compiled = told(shown, () => compileVariable(variable, this.compile));
    this.names.push(compiled.names);
    const where = place === '' ? shown : `${place}: ${shown}`;
    return ({ scope, run }) => told(where, () => compiled.bind(scope, run).evaluate(scope, run));
  }
}

function countOf({ inner }: Variable): number {
  return inner.reduce((count, each) => count + countOf(each), 1);
}

/** A part of a text, as text. */
function written(part: string | ((use: Use) => Json), use: Use): string {
  const text = typeof part === 'string' ? part : textOf(part(use), use.run);
  use.room -= text.length;
  if (use.room < 0) throw new ExpressionTooCostly(`texts would be longer than ${largestOutput} characters in all`);
  return text;
}

function rendered(node: Node, use: Use): Json {
  return 'constant' in node ? node.constant : node.render(use);
}

function isConstant(node: Node): node is { readonly constant: Json } {
  return 'constant' in node;
}

/** As policies' places are told: `conditions[0].key`. */
function placeOf(at: string, path: Path): string {
  return path.reduce<string>((place, step) => {
    if (typeof step === 'number') return `${place}[${step}]`;
    return place === '' ? step : `${place}.${step}`;
  }, at);
}
