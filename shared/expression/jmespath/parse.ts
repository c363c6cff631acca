import { compile } from '@jmespath-community/jmespath';
import { printable } from '../../printable.ts';
import { ExpressionError } from '../error.ts';
import type { Comparison, Given, Node } from './node.ts';
import { requoted } from './quotes.ts';

/** UTF-16 units of an expression. */
export const longestExpression = 8 * 1024;
/** How deep an expression nests; every part of `a.b.c`, `a || b || c` is one level. It bounds the stack that evaluating it takes. */
const deepestExpression = 256;

/** What the library's parser makes of a text: JMESPath with the community's extensions, of which Kyverno has none. */
type Parsed = ReturnType<typeof compile>;

const comparisons = { EQ: '==', NE: '!=', LT: '<', LTE: '<=', GT: '>', GTE: '>=' } as const satisfies Record<
  string,
  Comparison
>;

/** How an extension is called in a message. */
const extensions: Readonly<Record<string, string>> = {
  Arithmetic: 'arithmetic operators (there are functions: add(), subtract(), multiply(), divide(), modulo())',
  Unary: 'the signs + and -',
  Ternary: 'the conditional operator ?:',
  LetExpression: 'let',
  Binding: 'the assignment =',
  Variable: 'variables of let ($name)',
  Root: 'the root $',
};

/** Throws ExpressionError. */
export function parseExpression(text: string): Node {
  if (text.length > longestExpression) {
    throw new ExpressionError(`it is longer than ${longestExpression} characters`);
  }
  return node(parsed(requoted(text)), 0);
}

function parsed(text: string): Parsed {
  if (text.trim() === '') throw new ExpressionError('it is empty');
  try {
    return compile(text);
  } catch (thrown) {
    if (thrown instanceof RangeError) throw tooDeep();
    // The parser runs past the end of some texts: that is no message for people.
    const message = thrown instanceof Error && !(thrown instanceof TypeError) ? thrown.message : 'it is incomplete';
    throw new ExpressionError(`it does not parse: ${printable(message.replace(/^syntax( error)?[:,] /i, ''), 200)}`);
  }
}

function tooDeep(): ExpressionError {
  return new ExpressionError(`it is nested over ${deepestExpression} deep`);
}

function node(from: Parsed, depth: number): Node {
  if (depth > deepestExpression) throw tooDeep();
  const inner = (child: Parsed) => node(child, depth + 1);
  switch (from.type) {
    case 'Identity':
    case 'Current':
      return { is: 'current' };
    case 'Field':
      return { is: 'field', name: from.name };
    case 'Literal':
      return { is: 'literal', value: from.value };
    case 'Index':
      return { is: 'index', at: whole(from.value) };
    case 'Slice':
      return slice(from.start, from.stop, from.step);
    case 'Subexpression':
    case 'IndexExpression':
      return { is: 'then', left: inner(from.left), right: inner(from.right) };
    case 'Pipe':
      return { is: 'pipe', left: inner(from.left), right: inner(from.right) };
    case 'OrExpression':
      return { is: 'or', left: inner(from.left), right: inner(from.right) };
    case 'AndExpression':
      return { is: 'and', left: inner(from.left), right: inner(from.right) };
    case 'NotExpression':
      return { is: 'not', of: inner(from.child) };
    case 'Comparator':
      return {
        is: 'compare',
        operator: comparisons[from.name],
        left: inner(from.left),
        right: inner(from.right),
      };
    case 'Projection':
      return { is: 'elements', of: inner(from.left), each: inner(from.right) };
    case 'ValueProjection':
      return { is: 'values', of: inner(from.left), each: inner(from.right) };
    case 'FilterProjection':
      return { is: 'filter', of: inner(from.left), where: inner(from.condition), each: inner(from.right) };
    case 'Flatten':
      return { is: 'flatten', of: inner(from.child) };
    case 'MultiSelectList':
      if (from.children.length === 0) throw new ExpressionError('it does not parse: a list [ ] names nothing');
      return { is: 'list', items: from.children.map(inner) };
    case 'MultiSelectHash':
      return { is: 'object', fields: from.children.map(({ name, value }) => [name, inner(value)]) };
    case 'Function':
      return { is: 'call', name: from.name, given: from.children.map((child) => given(child, depth + 1)) };
    case 'ExpressionReference':
      throw new ExpressionError(
        'an expression with & stands only where a function takes one, as in sort_by(list, &name)',
      );
    default:
      throw new ExpressionError(`Kyverno's JMESPath does not have ${extensions[from.type] ?? from.type}`);
  }
}

function given(from: Parsed, depth: number): Given {
  return from.type === 'ExpressionReference' ? { is: 'reference', to: node(from.child, depth + 1) } : node(from, depth);
}

function slice(start: number | null, stop: number | null, step: number | null): Node {
  if (step === 0) throw new ExpressionError('the step of a slice is 0');
  const bound = (value: number | null) => (value === null ? null : whole(value));
  return { is: 'slice', start: bound(start), stop: bound(stop), step: whole(step ?? 1) };
}

/** `[-]` and `[99999999999999999999]` are no numbers for Kyverno either. */
function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ExpressionError('it does not parse: an index is no whole number');
  return value;
}
