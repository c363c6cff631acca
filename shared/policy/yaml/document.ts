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
import { Place, type Tree } from '../place.ts';
import type { Report } from '../report.ts';
import { type Leaf, plainKey, resolvePlain } from './scalar.ts';
import { findTemplate, templateAt } from './template.ts';
import { unlikeKubernetes } from './text.ts';

/** What a file is read as: how much it may bring, and what to say of a template. */
export interface FileKind {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Values with aliases written out: the cap on what anchors can multiply. */
  readonly maxNodes: number;
  /** The command that renders a template. */
  readonly render: string;
}

/** An API server takes no object over 1.5 MiB. */
const policyFile: FileKind = { maxBytes: 1024 * 1024, maxDepth: 64, maxNodes: 100_000, render: 'helm template …' };
const maxSyntaxProblems = 10;

/** Warnings of the library: tags are looked at where they stand, and where a bracket closes changes nothing. */
const harmless: ReadonlySet<string> = new Set(['TAG_RESOLVE_FAILED', 'BAD_INDENT']);

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

/**
 * The documents of one file, YAML as kubectl, API servers and Kyverno read it, JSON included. What cannot be read is reported:
 * syntax, duplicate keys, unknown tags and anchors, bounds exceeded, and what other readers understand otherwise. A document
 * with such a problem is left out. Empty documents are, too.
 */
export function readDocuments(text: string, report: Report, kind: FileKind = policyFile): Place[] {
  const top = new Place(undefined, '', 0);
  if (Buffer.byteLength(text) > kind.maxBytes) {
    report.problem(top, `larger than ${kind.maxBytes} bytes`);
    return [];
  }
  const strange = unlikeKubernetes(text);
  if (strange !== undefined) {
    report.problem(new Place(undefined, '', strange.line), strange.message);
    return [];
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe', // every scalar stays text: scalar.ts says what it means
    uniqueKeys: false, // looked at below: the library compares every key with every other
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const file: File = { text, lines, report, kind, budget: { nodes: kind.maxNodes } };
  const places: Place[] = [];
  for (const [index, document] of documents.entries()) {
    const place = new TreeReader(document, file, index === 0).read();
    if (place !== undefined) places.push(place);
  }
  return places;
}

interface File {
  readonly text: string;
  readonly lines: LineCounter;
  readonly report: Report;
  readonly kind: FileKind;
  readonly budget: { nodes: number };
}

/** Thrown inside this file where reading on makes no sense. */
class Unreadable extends Error {}

class TreeReader {
  readonly #document: Document.Parsed;
  readonly #file: File;
  readonly #first: boolean;

  constructor(document: Document.Parsed, file: File, first: boolean) {
    this.#document = document;
    this.#file = file;
    this.#first = first;
  }

  read(): Place | undefined {
    const { contents } = this.#document;
    if (!this.#isWellFormed()) return undefined;
    if (contents === null) return undefined;
    const { report } = this.#file;
    const before = report.problems.length;
    try {
      const tree = this.#tree(contents, this.#lineOf(contents, 1), 0);
      if (report.problems.length > before || (tree.kind === 'leaf' && tree.value === null)) return undefined;
      return new Place(tree, '', tree.line);
    } catch (thrown) {
      if (thrown instanceof Unreadable) return undefined;
      throw thrown;
    }
  }

  #isWellFormed(): boolean {
    const { errors, warnings, directives, contents } = this.#document;
    const syntax = [...errors, ...warnings.filter(({ code }) => !harmless.has(code))];
    const offsets = syntax.map(({ pos }) => pos[0]);
    const template = syntax.length === 0 ? undefined : findTemplate(this.#file.text, contents, offsets);
    if (template !== undefined) {
      this.#problem(this.#lineAt(template.offset), this.#unrendered(template.message));
      return false;
    }
    for (const { message, pos } of syntax.slice(0, maxSyntaxProblems)) {
      this.#problem(this.#lineAt(pos[0]), `not readable as YAML: ${message}`);
    }
    if (syntax.length > 0) return false;
    if (directives.yaml.explicit === true && directives.yaml.version !== '1.1') {
      this.#problem(
        1,
        `%YAML ${directives.yaml.version}: policies and resources are YAML 1.1, as Kubernetes reads them`,
      );
      return false;
    }
    if (!this.#first && contents !== null && directives.docStart !== true) {
      this.#problem(
        this.#lineOf(contents, 1),
        "a document after '...' must begin with '---': kubectl does not read it otherwise",
      );
      return false;
    }
    return true;
  }

  #unrendered(message: string): string {
    return `${message}: ${this.#file.kind.render}`;
  }

  #problem(line: number, message: string): void {
    this.#file.report.problem(new Place(undefined, '', line), message);
  }

  #lineAt(offset: number): number {
    return this.#file.lines.linePos(offset).line;
  }

  #lineOf(node: Node, otherwise: number): number {
    return node.range ? this.#lineAt(node.range[0]) : otherwise;
  }

  #tree(node: unknown, line: number, depth: number): Tree {
    const { kind, budget } = this.#file;
    budget.nodes -= 1;
    if (budget.nodes < 0) return this.#giveUp(line, `more than ${kind.maxNodes} values, aliases written out`);
    if (depth > kind.maxDepth) return this.#giveUp(line, `nested deeper than ${kind.maxDepth} levels`);
    if (isAlias(node)) return this.#tree(this.#resolve(node, line), line, depth + 1);
    if (isMap(node)) {
      this.#checkTag(node.tag, line);
      return { kind: 'mapping', line, entries: this.#entries(node, line, depth) };
    }
    if (isSeq(node)) {
      this.#checkTag(node.tag, line);
      // In a flow list, `a: 1` is a mapping of its own.
      const items = node.items.map((item) => this.#tree(item, this.#lineOf(item as Node, line), depth + 1));
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
    if (typeof value === 'string' && !value.isWellFormed()) {
      return this.#giveUp(line, 'an escape here is half of a character (a lone surrogate)');
    }
    return { kind: 'leaf', line, value, is: nameOf(value) };
  }

  #value(node: Scalar, line: number): Leaf | undefined {
    const source = textOf(node);
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
      const keyLine = this.#lineOf(key as Node, line);
      if (isMerge(key)) {
        if (merged !== undefined) this.#problem(keyLine, "'<<' is in this mapping twice");
        merged = this.#merged(value, keyLine, depth);
        this.#refuseOverriding(merged, entries, keyLine);
        continue;
      }
      const name = this.#keyName(key, keyLine);
      if (name === undefined) continue;
      this.#refuseTightColon(key, keyLine);
      if (entries.has(name)) this.#problem(keyLine, `'${name.slice(0, 60)}' is in this mapping twice`);
      else entries.set(name, this.#tree(value, keyLine, depth + 1));
    }
    for (const [name, tree] of merged ?? []) if (!entries.has(name)) entries.set(name, tree);
    return entries;
  }

  #keyName(key: unknown, line: number): string | undefined {
    const node = isAlias(key) ? this.#resolve(key, line) : key;
    if (isScalar(node)) {
      const value = this.#value(node, line);
      const name = typeof value === 'string' ? value : plainKey(textOf(node));
      if (name !== undefined) return name;
    }
    // The key of a mapping that begins with `{{` stands after the first brace.
    const template = isMap(node) && node.range ? templateAt(this.#file.text, node.range[0] - 1) : undefined;
    if (template !== undefined) return this.#giveUp(line, this.#unrendered(template));
    this.#problem(line, `a key must be a string${isScalar(node) ? `: write ${this.#quoted(node)}` : ''}`);
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
      this.#problem(
        line,
        `${quoted} stands above a << that brings ${quoted} too, and readers disagree which counts: put << first`,
      );
    }
  }

  /** In `[a:]` Kubernetes' reader finds the text `a:`. */
  #refuseTightColon(key: unknown, line: number): void {
    if (!isScalar(key) || key.type !== 'PLAIN' || !key.range) return;
    tightColon.lastIndex = key.range[1];
    if (!tightColon.test(this.#file.text)) return;
    this.#problem(
      line,
      `${this.#quoted(key)} is text for kubectl and a key for other readers: write a space after the colon`,
    );
  }

  #quoted(node: Scalar): string {
    return JSON.stringify(textOf(node).slice(0, 60));
  }

  #resolve(alias: Alias, line: number): Node {
    return alias.resolve(this.#document) ?? this.#giveUp(line, `no anchor is named '${alias.source.slice(0, 60)}'`);
  }

  #checkTag(tag: string | undefined, line: number): void {
    if (tag !== undefined && !collectionTags.has(tag)) this.#refuseTag(tag, line);
  }

  #refuseTag(tag: string, line: number): never {
    return this.#giveUp(line, `the tag ${shortTag(tag).slice(0, 60)} has no meaning to Kubernetes`);
  }

  #giveUp(line: number, message: string): never {
    this.#problem(line, message);
    throw new Unreadable(message);
  }
}

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
