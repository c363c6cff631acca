import type { Leaf } from './yaml/scalar.ts';

/** A parsed document in which everything knows its line: a mapping's value stands on the line of its key. */
export type Tree =
  | { readonly kind: 'mapping'; readonly line: number; readonly entries: ReadonlyMap<string, Tree> }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly Tree[] }
  | { readonly kind: 'leaf'; readonly line: number; readonly value: Leaf; readonly is: string };

const nowhere: ReadonlyMap<string, Tree> = new Map();

/** Somewhere in a document, there or not: what a problem is reported at. */
export class Place {
  readonly tree: Tree | undefined;
  /** `spec.rules[0].verifyImages[1].required`; empty for the document itself. */
  readonly path: string;
  /** 1-based; of the nearest thing around it where nothing is written. */
  readonly line: number;

  constructor(tree: Tree | undefined, path: string, line: number) {
    this.tree = tree;
    this.path = path;
    this.line = line;
  }

  /** Something other than null is written here. An API server drops nulls, so a null is as good as nothing. */
  get given(): boolean {
    return this.tree !== undefined && !(this.tree.kind === 'leaf' && this.tree.value === null);
  }

  /** Nothing is written here that says anything: null, '', [], {} and mappings of such. What a Go client writes unasked. */
  get empty(): boolean {
    return this.tree === undefined || isEmpty(this.tree);
  }

  get text(): string | undefined {
    return this.tree?.kind === 'leaf' && typeof this.tree.value === 'string' ? this.tree.value : undefined;
  }

  get names(): readonly string[] {
    return this.tree?.kind === 'mapping' ? [...this.tree.entries.keys()] : [];
  }

  field(name: string): Place {
    const entries = this.tree?.kind === 'mapping' ? this.tree.entries : nowhere;
    const child = entries.get(name);
    return new Place(child, join(this.path, name), child?.line ?? this.line);
  }

  get items(): readonly Place[] {
    if (this.tree?.kind !== 'list') return [];
    return this.tree.items.map((item, index) => new Place(item, `${this.path}[${index}]`, item.line));
  }

  item(index: number): Place {
    return this.items[index] ?? new Place(undefined, `${this.path}[${index}]`, this.line);
  }

  /** What stands here, for "a string is expected, this is …". */
  get is(): string {
    if (this.tree === undefined) return 'nothing';
    if (this.tree.kind === 'leaf') return this.tree.is;
    return this.tree.kind === 'list' ? 'a list' : 'a mapping';
  }
}

function isEmpty(tree: Tree): boolean {
  if (tree.kind === 'list') return tree.items.length === 0;
  if (tree.kind === 'leaf') return tree.value === null || tree.value === '';
  for (const child of tree.entries.values()) if (!isEmpty(child)) return false;
  return true;
}

const plainName = /^[A-Za-z_][\w-]*$/;

function join(path: string, name: string): string {
  if (!plainName.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
