import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { quoted } from '../../../printable.ts';
import type { Tree } from '../place.ts';
import type { YamlFile } from './file.ts';
import { type Leaf, plainKey, resolvePlain } from './scalar.ts';
import { templateAt } from './template.ts';

/** Tags that say no more than the value itself does. */
const collectionTags = new Set(['map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`));
const textTags = new Set(['!', 'tag:yaml.org,2002:str']);
/** Tags that a value must fit, quoted or not. */
const typeTags: Readonly<Record<string, (value: Leaf | undefined) => boolean>> = {
  'tag:yaml.org,2002:int': (value) => typeof value === 'bigint' || Number.isInteger(value),
  'tag:yaml.org,2002:float': (value) => typeof value === 'number',
  'tag:yaml.org,2002:bool': (value) => typeof value === 'boolean',
  'tag:yaml.org,2002:null': (value) => value === null,
};

/** Thrown inside this file where reading on makes no sense. */
class Unreadable extends Error {}

/** The tree of a document without syntax errors, aliases written out; `undefined` where a problem was reported. */
export function readTree(document: Document.Parsed, file: YamlFile): Tree | undefined {
  const before = file.report.problems.length;
  try {
    const tree = new TreeReader(document, file).read();
    return file.report.problems.length > before ? undefined : tree;
  } catch (thrown) {
    if (thrown instanceof Unreadable) return undefined;
    throw thrown;
  }
}

class TreeReader {
  readonly #document: Document.Parsed;
  readonly #file: YamlFile;
  /** The node that each anchor names so far, in the order of the document. */
  readonly #anchors = new Map<string, Node>();
  readonly #named = new Set<Node>();
  /** What each alias stood for where it is written. */
  readonly #resolved = new Map<Alias, Node>();

  constructor(document: Document.Parsed, file: YamlFile) {
    this.#document = document;
    this.#file = file;
  }

  read(): Tree {
    const { contents } = this.#document;
    return this.#tree(contents, contents === null ? 1 : this.#file.lineOf(contents, 1), 0);
  }

  #tree(node: unknown, line: number, depth: number): Tree {
    const { kind } = this.#file;
    if (!this.#file.countNode()) return this.#giveUp(line, `more than ${kind.maxNodes} values, aliases written out`);
    if (depth > kind.maxDepth) return this.#giveUp(line, `nested deeper than ${kind.maxDepth} levels`);
    if (isAlias(node)) return this.#tree(this.#resolve(node, line), line, depth + 1);
    this.#remember(node);
    if (isMap(node)) {
      this.#checkTag(node.tag, line);
      return { kind: 'mapping', line, entries: this.#entries(node, line, depth) };
    }
    if (isSeq(node)) {
      this.#checkTag(node.tag, line);
      // In a flow list, `a: 1` is a mapping of its own.
      const items = node.items.map((item) => this.#tree(item, this.#file.lineOf(item as Node, line), depth + 1));
      return { kind: 'list', line, items };
    }
    if (isScalar(node)) return this.#leaf(node, line);
    return { kind: 'leaf', line, value: null, is: 'nothing' };
  }

  #leaf(node: Scalar, line: number): Tree {
    const value = this.#value(node, line);
    if (value === undefined) {
      return this.#giveUp(line, `${this.#quoted(node)} is a number that JSON does not have: quote it if it is text`);
    }
    return { kind: 'leaf', line, value, is: nameOf(value) };
  }

  #value(node: Scalar, line: number): Leaf | undefined {
    const source = textOf(node);
    if (!source.isWellFormed()) this.#giveUp(line, 'an escape here is half of a character (a lone surrogate)');
    this.#refuseLostSpaces(node, line);
    if (node.tag === undefined) return node.type === 'PLAIN' ? resolvePlain(source) : source;
    if (textTags.has(node.tag)) return source;
    const fits = Object.hasOwn(typeTags, node.tag) ? typeTags[node.tag] : undefined;
    if (fits === undefined) return this.#refuseTag(node.tag, line);
    const value = resolvePlain(source);
    return fits(value) ? value : this.#giveUp(line, `${this.#quoted(node)} is not of its type, ${shortTag(node.tag)}`);
  }

  #entries(map: YAMLMap, line: number, depth: number): ReadonlyMap<string, Tree> {
    const entries = new Map<string, Tree>();
    let merged: ReadonlyMap<string, Tree> | undefined;
    for (const { key, value } of map.items) {
      const keyLine = this.#file.lineOf(key as Node, line);
      if (isMerge(key)) {
        if (merged !== undefined) this.#file.problem(keyLine, "'<<' is in this mapping twice");
        merged = this.#merged(value, keyLine, depth);
        this.#refuseOverriding(merged, entries, keyLine);
        continue;
      }
      const name = this.#keyName(key, keyLine);
      if (name === undefined) continue;
      this.#refuseTightColon(key, keyLine);
      if (entries.has(name)) this.#file.problem(keyLine, `'${name.slice(0, 60)}' is in this mapping twice`);
      else entries.set(name, this.#tree(value, keyLine, depth + 1));
    }
    for (const [name, tree] of merged ?? []) if (!entries.has(name)) entries.set(name, tree);
    return entries;
  }

  #keyName(key: unknown, line: number): string | undefined {
    const node = isAlias(key) ? this.#resolve(key, line) : key;
    this.#remember(node);
    if (isScalar(node)) {
      const value = this.#value(node, line);
      const name = typeof value === 'string' ? value : plainKey(textOf(node));
      if (name !== undefined) return name;
    }
    // The key of a mapping that begins with `{{` stands after the first brace.
    const template = isMap(node) && node.range ? templateAt(this.#file.text, node.range[0] - 1) : undefined;
    if (template !== undefined) return this.#giveUp(line, `${template}: ${this.#file.kind.render}`);
    this.#file.problem(line, `a key must be a string${isScalar(node) ? `: write ${this.#quoted(node)}` : ''}`);
    return undefined;
  }

  /** What `<<` brings in: keys that the mapping itself, or an earlier one in the list, does not have. */
  #merged(value: unknown, line: number, depth: number): ReadonlyMap<string, Tree> {
    const tree = this.#tree(value, line, depth + 1);
    const trees = tree.kind === 'list' && isSeq(value) ? tree.items : [tree];
    const all = new Map<string, Tree>();
    for (const each of trees) {
      if (each.kind !== 'mapping') return this.#giveUp(line, '<< merges mappings only');
      for (const [name, child] of each.entries) if (!all.has(name)) all.set(name, child);
    }
    return all;
  }

  /** Kubernetes' reader lets `<<` win over what stands above it; others let the mapping's own keys win. */
  #refuseOverriding(merged: ReadonlyMap<string, Tree>, written: ReadonlyMap<string, Tree>, line: number): void {
    for (const name of written.keys()) {
      if (!merged.has(name)) continue;
      const quoted = `'${name.slice(0, 60)}'`;
      this.#file.problem(
        line,
        `${quoted} stands above a << that brings ${quoted} too, and readers disagree which counts: put << first`,
      );
    }
  }

  /** Of a block whose header tells its indentation, the library drops the lines of spaces at the end. */
  #refuseLostSpaces({ type, range }: Scalar, line: number): void {
    if ((type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') || !range) return;
    const block = this.#file.text.slice(range[0], range[1]);
    spaceLines.lastIndex = range[0] + block.trimEnd().length;
    if (!/^.[+-]?\d/.test(block) || !spaceLines.test(this.#file.text)) return;
    this.#giveUp(line, 'the text ends with lines of spaces, which only some readers keep: remove them');
  }

  /** In `[a:]` Kubernetes' reader finds the text `a:`. */
  #refuseTightColon(key: unknown, line: number): void {
    if (!isScalar(key) || key.type !== 'PLAIN' || !key.range) return;
    tightColon.lastIndex = key.range[1];
    if (!tightColon.test(this.#file.text)) return;
    this.#file.problem(
      line,
      `${this.#quoted(key)} is text for kubectl and a key for other readers: write a space after the colon`,
    );
  }

  #quoted(node: Scalar): string {
    return quoted(textOf(node), 60);
  }

  /** An anchor may be given again further down; a node that an alias brings back gives its own no second time. */
  #remember(node: unknown): void {
    if (!isNode(node) || isAlias(node) || node.anchor === undefined || this.#named.has(node)) return;
    this.#named.add(node);
    this.#anchors.set(node.anchor, node);
  }

  /** The library would walk the document once for each alias. */
  #resolve(alias: Alias, line: number): Node {
    const node = this.#resolved.get(alias) ?? this.#anchors.get(alias.source);
    if (node === undefined) return this.#giveUp(line, `no anchor is named '${alias.source.slice(0, 60)}'`);
    this.#resolved.set(alias, node);
    return node;
  }

  #checkTag(tag: string | undefined, line: number): void {
    if (tag !== undefined && !collectionTags.has(tag)) this.#refuseTag(tag, line);
  }

  #refuseTag(tag: string, line: number): never {
    return this.#giveUp(line, `the tag ${shortTag(tag).slice(0, 60)} has no meaning to Kubernetes`);
  }

  #giveUp(line: number, message: string): never {
    this.#file.problem(line, message);
    throw new Unreadable(message);
  }
}

const spaceLines = /(?: *\r?\n)+ +\r?(?:\n|$)/y;
const tightColon = /\s*:[,[\]{}]/y;

/** `<<` in quotes is a key like any other. */
function isMerge(key: unknown): boolean {
  return isScalar(key) && key.type === 'PLAIN' && key.tag === undefined && key.source === '<<';
}

/** A scalar's text: of the failsafe schema every value is one. */
function textOf(node: Scalar): string {
  return node.source ?? '';
}

function shortTag(tag: string): string {
  return tag.replace('tag:yaml.org,2002:', '!!');
}

function nameOf(value: Leaf): string {
  if (value === null) return 'nothing';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'boolean') return 'a boolean';
  return typeof value === 'bigint' ? 'an integer beyond 2^53' : 'a number';
}
