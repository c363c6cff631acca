import type { Tree } from '../place.ts';
import type { Report } from '../report.ts';
import { readDocuments } from './document.ts';
import type { FileKind } from './file.ts';

/** What `helm template` prints for large charts, CustomResourceDefinitions included, has a tenth of it. */
const resourceFile: FileKind = {
  maxBytes: 64 * 1024 * 1024,
  maxDepth: 256,
  maxNodes: 5_000_000,
  render: 'helm template … | countersign apply … --resource -',
};

/** One document of a file as JSON has it, but for integers beyond 2^53, which are bigints. */
export interface ReadObject {
  /** 1-based, in the file. */
  readonly line: number;
  readonly value: unknown;
}

/** The documents of a file of resources, read as policies are. A document with a problem is left out, and so are empty ones. */
export function readObjects(text: string, report: Report, kind: FileKind = resourceFile): ReadObject[] {
  return readDocuments(text, report, kind).flatMap(({ tree, line }) =>
    tree === undefined ? [] : [{ line, value: jsonOf(tree) }],
  );
}

/** `__proto__` is a field like any other, as for JSON.parse. */
function jsonOf(tree: Tree): unknown {
  if (tree.kind === 'leaf') return tree.value;
  if (tree.kind === 'list') return tree.items.map(jsonOf);
  return Object.fromEntries([...tree.entries].map(([name, child]) => [name, jsonOf(child)]));
}
