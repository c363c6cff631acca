import { type Document, parseAllDocuments } from 'yaml';
import { Place } from '../place.ts';
import type { Report } from '../report.ts';
import { type FileKind, YamlFile } from './file.ts';
import { findTemplate } from './template.ts';
import { unlikeKubernetes } from './text.ts';
import { readTree } from './tree.ts';

/** An API server takes no object over 1.5 MiB. */
const policyFile: FileKind = {
  maxBytes: 1024 * 1024,
  maxDepth: 64,
  maxNodes: 100_000,
  render: 'helm template … (a variable of Kyverno needs quotes)',
};
const maxSyntaxProblems = 10;

/** Warnings of the library: tags are looked at where they stand, and where a bracket closes changes nothing. */
const harmless: ReadonlySet<string> = new Set(['TAG_RESOLVE_FAILED', 'BAD_INDENT']);

/**
 * The documents of one file, YAML as kubectl, API servers and Kyverno read it, JSON included. What cannot be read is reported:
 * syntax, duplicate keys, unknown tags and anchors, bounds exceeded, and what other readers understand otherwise. A document
 * with such a problem is left out. Empty documents are, too.
 */
export function readDocuments(text: string, report: Report, kind: FileKind = policyFile): Place[] {
  const file = new YamlFile(text, kind, report);
  if (Buffer.byteLength(text) > kind.maxBytes) {
    file.problem(0, `larger than ${kind.maxBytes} bytes`);
    return [];
  }
  const strange = unlikeKubernetes(text);
  if (strange !== undefined) {
    file.problem(strange.line, strange.message);
    return [];
  }
  const documents = parseAllDocuments(text, {
    version: '1.1',
    schema: 'failsafe', // every scalar stays text: scalar.ts says what it means
    uniqueKeys: false, // looked at in tree.ts: the library compares every key with every other
    lineCounter: file.lines,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const places: Place[] = [];
  for (const [index, document] of documents.entries()) {
    if (!isWellFormed(document, index === 0, file)) continue;
    const tree = readTree(document, file);
    const empty = tree === undefined || (tree.kind === 'leaf' && tree.value === null);
    if (!empty) places.push(new Place(tree, '', tree.line));
  }
  return places;
}

function isWellFormed(document: Document.Parsed, first: boolean, file: YamlFile): boolean {
  const { errors, warnings, directives, contents } = document;
  const syntax = [...errors, ...warnings.filter(({ code }) => !harmless.has(code))];
  if (syntax.length > 0) {
    reportSyntax(document, syntax, file);
    return false;
  }
  if (directives.yaml.explicit === true && directives.yaml.version !== '1.1') {
    file.problem(1, `%YAML ${directives.yaml.version}: policies and resources are YAML 1.1, as Kubernetes reads them`);
    return false;
  }
  if (!first && contents !== null && directives.docStart !== true) {
    const line = file.lineOf(contents, 1);
    file.problem(line, "a document after '...' must begin with '---': kubectl does not read it otherwise");
    return false;
  }
  return true;
}

function reportSyntax(
  { contents }: Document.Parsed,
  syntax: readonly { readonly message: string; readonly pos: readonly [number, number] }[],
  file: YamlFile,
): void {
  const template = findTemplate(
    file.text,
    contents,
    syntax.map(({ pos }) => pos[0]),
  );
  if (template !== undefined) {
    file.problem(file.lineAt(template.offset), `${template.message}: ${file.kind.render}`);
    return;
  }
  for (const { message, pos } of syntax.slice(0, maxSyntaxProblems)) {
    file.problem(file.lineAt(pos[0]), `not readable as YAML: ${message}`);
  }
}
