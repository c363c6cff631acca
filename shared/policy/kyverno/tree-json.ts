import type { Json } from '../../expression/value.ts';
import type { Tree } from './place.ts';

/** A part of a document as JSON. `__proto__` is a field like any other. An integer beyond 2^53 is the nearest double. */
export function jsonOf(tree: Tree): Json {
  if (tree.kind === 'leaf') return typeof tree.value === 'bigint' ? Number(tree.value) : tree.value;
  if (tree.kind === 'list') return tree.items.map(jsonOf);
  return Object.fromEntries([...tree.entries].map(([name, child]) => [name, jsonOf(child)]));
}

/** JSON as a part of a document: what stands where something stood in `like` is on its line. */
export function treeOf(value: Json, like: Tree | undefined, line: number): Tree {
  const here = like?.line ?? line;
  if (Array.isArray(value)) {
    const items = like?.kind === 'list' ? like.items : [];
    return { kind: 'list', line: here, items: value.map((item, index) => treeOf(item, items[index], here)) };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = like?.kind === 'mapping' ? like.entries : undefined;
    const children = Object.entries(value).map(
      ([name, child]) => [name, treeOf(child, entries?.get(name), here)] as const,
    );
    return { kind: 'mapping', line: here, entries: new Map(children) };
  }
  const leaf = value as Exclude<Json, readonly unknown[] | object>;
  return {
    kind: 'leaf',
    line: here,
    value: leaf,
    is: leaf === null ? 'null' : typeof leaf === 'boolean' ? String(leaf) : `a ${typeof leaf}`,
  };
}
