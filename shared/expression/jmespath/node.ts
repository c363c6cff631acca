import type { Json } from '../value.ts';

/**
 * An expression, parsed: JMESPath as of 2015, which is what Kyverno evaluates (https://jmespath.org/specification.html). A `reference`
 * (`&name`) stands only among what a function is given.
 */
export type Node =
  | { readonly is: 'current' }
  | { readonly is: 'field'; readonly name: string }
  | { readonly is: 'literal'; readonly value: Json }
  | { readonly is: 'index'; readonly at: number }
  | { readonly is: 'slice'; readonly start: number | null; readonly stop: number | null; readonly step: number }
  /** `left.right`, `left[1]`: of what is not there nothing more is asked. */
  | { readonly is: 'then' | 'pipe' | 'or' | 'and'; readonly left: Node; readonly right: Node }
  | { readonly is: 'compare'; readonly operator: Comparison; readonly left: Node; readonly right: Node }
  /** `of[*].each`, `of.*.each`. */
  | { readonly is: 'elements' | 'values'; readonly of: Node; readonly each: Node }
  | { readonly is: 'filter'; readonly of: Node; readonly where: Node; readonly each: Node }
  | { readonly is: 'flatten' | 'not'; readonly of: Node }
  | { readonly is: 'list'; readonly items: readonly Node[] }
  | { readonly is: 'object'; readonly fields: readonly (readonly [string, Node])[] }
  | { readonly is: 'call'; readonly name: string; readonly given: readonly Given[] };

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export type Given = Node | Reference;
export interface Reference {
  readonly is: 'reference';
  readonly to: Node;
}
