import { createHash } from 'node:crypto';
import type { ConfigMap } from '../context.ts';
import type { PolicySet, Rule } from '../policy.ts';
import { type LoadProblem, type LoadWarning, PolicyLoadError } from '../problems.ts';
import type { Place } from './place.ts';
import { type ReadPolicy, readObject } from './read.ts';
import { Report } from './report.ts';
import { readDocuments } from './yaml/document.ts';

export interface PolicyFile {
  /** As problems and warnings name it: a path. */
  readonly name: string;
  readonly text: string;
}

export interface LoadOptions {
  /** Of a Policy that names none, as `kubectl apply` and the Kyverno CLI take it. Without it such a Policy is refused. */
  readonly namespace?: string;
  /** Documents that are left to others without a look at what is in them; none by default. */
  readonly leaves?: Leaves;
}

/** Whether a document, or an item of a list, is left to others. */
export type Leaves = (document: Place) => boolean;

const maxFiles = 2000;
/** UTF-16 units of all files together. */
const maxTotal = 32 * 1024 * 1024;

/**
 * Reads Kyverno's ClusterPolicy and Policy documents, several to a file. A set loads as a whole or not at all. Beside them
 * there may be ConfigMaps, for rules whose context names one. Where a text `mayHoldRegExp`, `loadRegExps` must have been awaited, and where it
 * `mayHoldExpression`, `loadExpressions`.
 * @throws PolicyLoadError with every problem in every file
 */
export function loadPolicies(files: readonly PolicyFile[], options: LoadOptions = {}): PolicySet {
  refuseTooMuch(files);
  const problems: LoadProblem[] = [];
  const warnings: LoadWarning[] = [];
  const rules: Rule[] = [];
  const known = new Map<string, string>();
  // Rules find in it what stands in any file.
  const configMaps = new Map<string, ConfigMap>();
  for (const file of files) {
    const documents = readFile(file, configMaps, options);
    for (const { policies, report } of documents) {
      for (const policy of policies) refuseSecond(policy, known, report);
      rules.push(...policies.flatMap((policy) => policy.rules));
    }
    const byLine = (a: { line: number }, b: { line: number }) => a.line - b.line;
    problems.push(...documents.flatMap(({ report }) => report.problems).sort(byLine));
    warnings.push(...documents.flatMap(({ report }) => report.warnings).sort(byLine));
  }
  if (problems.length > 0) throw new PolicyLoadError(problems);
  return { rules, warnings, hash: hashOf(files) };
}

interface ReadDocument {
  readonly policies: readonly ReadPolicy[];
  readonly report: Report;
}

/** One report for the file as text, and one for each document in it, whose field paths are the document's own. */
function readFile(
  { name, text }: PolicyFile,
  configMaps: Map<string, ConfigMap>,
  { namespace, leaves }: LoadOptions,
): ReadDocument[] {
  const syntax = new Report(name);
  const places = readDocuments(text, syntax);
  if (places.length === 0 && syntax.problems.length === 0) {
    syntax.warnings.push({ file: name, line: 1, message: 'holds no policy' });
  }
  const documents = places.map((place) => {
    const report = new Report(name);
    return { policies: readObject(place, report, { configMaps, namespace, leaves }), report };
  });
  return [{ policies: [], report: syntax }, ...documents];
}

function refuseSecond({ identity, place }: ReadPolicy, known: Map<string, string>, report: Report): void {
  const first = known.get(identity);
  if (first === undefined) known.set(identity, `${report.file}:${place.line}`);
  else
    report.problem(
      place.field('metadata').field('name'),
      `${identity} is already defined in ${first}: a name is for one policy`,
    );
}

/** Whether a set may not be that large. `characters`: UTF-16 units of all files together. */
export function isTooMuch(files: number, characters: number): boolean {
  return files > maxFiles || characters > maxTotal;
}

function refuseTooMuch(files: readonly PolicyFile[]): void {
  const total = files.reduce((sum, { text }) => sum + text.length, 0);
  if (!isTooMuch(files.length, total)) return;
  const message = `${files.length} files of ${total} characters: more than ${maxFiles} files or ${maxTotal} characters`;
  throw new PolicyLoadError([{ file: files[0]?.name ?? '', line: 0, field: '', message }]);
}

/** SHA-256 over names and bytes, each length-prefixed, in the order of the names: who lists the files does not matter. */
function hashOf(files: readonly PolicyFile[]): string {
  const hash = createHash('sha256');
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const part of sorted.flatMap(({ name, text }) => [name, text])) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.digest('hex');
}
