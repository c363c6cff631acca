import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { quoted } from '../printable.ts';
import { type Leaf, Place, type Tree } from './place.ts';
import type { Report } from './report.ts';

/** Bytes of one file; an API server takes no object over 1.5 MiB. */
const maxFileBytes = 1024 * 1024;
const maxDepth = 64;
/** Nodes of one file with its aliases written out: the cap on what anchors can multiply. */
const maxNodes = 100_000;
const maxSyntaxProblems = 10;

/** Tags that say no more than the value itself does. */
const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);

/**
 * The documents of one file, YAML 1.1 as Kyverno's own reader takes it (so `yes` is true and `012` is ten), JSON included.
 * What cannot be read is reported: syntax, duplicate keys, keys that are no strings, unknown tags and anchors, bounds
 * exceeded. A document with such a problem is left out. Empty documents are, too.
 */
export function readDocuments(text: string, report: Report): Place[] {
  const top = new Place(undefined, '', 0);
  if (Buffer.byteLength(text) > maxFileBytes) {
    report.problem(top, `larger than ${maxFileBytes} bytes`);
    return [];
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: false, // looked at below: the library compares every key with every other
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const budget = { nodes: maxNodes };
  const places: Place[] = [];
  for (const document of documents) {
    const reader = new TreeReader(document, lines, report, budget);
    const place = reader.read();
    if (place !== undefined) places.push(place);
  }
  return places;
}

/** Thrown inside this file where reading on makes no sense. */
class Unreadable extends Error {}

class TreeReader {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #report: Report;
  readonly #budget: { nodes: number };

  constructor(document: Document.Parsed, lines: LineCounter, report: Report, budget: { nodes: number }) {
    this.#document = document;
    this.#lines = lines;
    this.#report = report;
    this.#budget = budget;
  }

  read(): Place | undefined {
    const { errors, warnings, contents, directives } = this.#document;
    for (const { message, pos } of [...errors, ...warnings].slice(0, maxSyntaxProblems)) {
      this.#problem(this.#lines.linePos(pos[0]).line, `not readable as YAML: ${message}`);
    }
    if (errors.length > 0 || warnings.length > 0) return undefined;
    if (directives.yaml.explicit === true && directives.yaml.version !== '1.1') {
      this.#problem(1, `%YAML ${directives.yaml.version}: policies are YAML 1.1, as Kyverno reads them`);
      return undefined;
    }
    if (contents === null || (isScalar(contents) && contents.value === null)) return undefined;
    const before = this.#report.problems.length;
    try {
      const tree = this.#tree(contents, this.#lineOf(contents, 1), 0);
      return this.#report.problems.length === before ? new Place(tree, '', tree.line) : undefined;
    } catch (thrown) {
      if (thrown instanceof Unreadable) return undefined;
      throw thrown;
    }
  }

  #problem(line: number, message: string): void {
    this.#report.problem(new Place(undefined, '', line), message);
  }

  #lineOf(node: Node, otherwise: number): number {
    return node.range ? this.#lines.linePos(node.range[0]).line : otherwise;
  }

  #tree(node: unknown, line: number, depth: number): Tree {
    this.#budget.nodes -= 1;
    if (this.#budget.nodes < 0) return this.#giveUp(line, `more than ${maxNodes} values, aliases written out`);
    if (depth > maxDepth) return this.#giveUp(line, `nested deeper than ${maxDepth} levels`);
    if (isAlias(node)) return this.#tree(this.#resolve(node, line), line, depth + 1);
    if (isMap(node)) {
      this.#checkTag(node.tag, line);
      return { kind: 'mapping', line, entries: this.#entries(node, line, depth) };
    }
    if (isSeq(node)) {
      this.#checkTag(node.tag, line);
      const items = node.items.map((item) => this.#tree(item, this.#lineOf(item as Node, line), depth + 1));
      return { kind: 'list', line, items };
    }
    if (isScalar(node)) {
      this.#checkTag(node.tag, line);
      return leaf(node, line);
    }
    return { kind: 'leaf', line, value: null, is: 'nothing' };
  }

  #entries(map: YAMLMap, line: number, depth: number): ReadonlyMap<string, Tree> {
    const entries = new Map<string, Tree>();
    const merged: ReadonlyMap<string, Tree>[] = [];
    for (const { key, value } of map.items) {
      const keyLine = this.#lineOf(key as Node, line);
      const name = isScalar(key) ? key.value : undefined;
      if (typeof name === 'symbol') merged.push(...this.#merged(value, keyLine, depth));
      else if (typeof name !== 'string') this.#problem(keyLine, `a key must be a string: write ${this.#quoted(key)}`);
      else if (entries.has(name)) this.#problem(keyLine, `'${name.slice(0, 60)}' is in this mapping twice`);
      else entries.set(name, this.#tree(value, keyLine, depth + 1));
    }
    for (const others of merged) {
      for (const [name, tree] of others) if (!entries.has(name)) entries.set(name, tree);
    }
    return entries;
  }

  /** What `<<` brings in: keys that the mapping itself, or an earlier merge, does not have. */
  #merged(value: unknown, line: number, depth: number): ReadonlyMap<string, Tree>[] {
    const tree = this.#tree(value, line, depth + 1);
    const trees = tree.kind === 'list' ? tree.items : [tree];
    return trees.map((each) =>
      each.kind === 'mapping' ? each.entries : this.#giveUp(line, '<< merges mappings only'),
    );
  }

  #quoted(key: unknown): string {
    return isScalar(key) && typeof key.source === 'string' ? quoted(key.source, 60) : 'it in quotes';
  }

  #resolve(alias: Alias, line: number): Node {
    return alias.resolve(this.#document) ?? this.#giveUp(line, `no anchor is named '${alias.source.slice(0, 60)}'`);
  }

  #checkTag(tag: string | undefined, line: number): void {
    if (tag !== undefined && !plainTags.has(tag))
      this.#giveUp(line, `the tag ${tag.slice(0, 60)} has no meaning in a policy`);
  }

  #giveUp(line: number, message: string): never {
    this.#problem(line, message);
    throw new Unreadable(message);
  }
}

function leaf(node: Scalar, line: number): Tree {
  const [value, is] = leafValue(node.value);
  return { kind: 'leaf', line, value, is };
}

function leafValue(value: unknown): [Leaf, string] {
  if (value === null || value === undefined) return [null, 'nothing'];
  if (typeof value === 'string') return [value, 'a string'];
  if (typeof value === 'number') return [value, 'a number'];
  if (typeof value === 'boolean') return [value, 'a boolean'];
  return [undefined, Object.prototype.toString.call(value) === '[object Date]' ? 'a date' : 'a value of another type'];
}
