import { createHash } from 'node:crypto';
import type { ConfigMap } from '../context.ts';
import type { NotaryFile, NotaryFolder } from '../notary/folder.ts';
import type { PolicySet } from '../policy.ts';
import { PolicyLoadError } from '../problems.ts';
import { readExceptions, type WrittenException } from './exception.ts';
import type { Place } from './place.ts';
import { type ReadPolicy, readObject, rulesOf } from './read.ts';
import { Report } from './report.ts';
import { type NamedPolicy, withExceptions } from './with-exceptions.ts';
import { readDocuments } from './yaml/document.ts';

export interface PolicyFile {
  /** As problems and warnings name it: a path. */
  readonly name: string;
  readonly text: string;
}

export interface LoadOptions {
  /** Of a Policy that names none, as `kubectl apply` and the Kyverno CLI take it. Without it such a Policy is refused. */
  readonly namespace?: string;
  /** Files that hold PolicyExceptions and nothing else, beside those that may hold some among policies. */
  readonly exceptions?: readonly PolicyFile[];
  /** The trust policies beside the policies, which decide for rules of type Notary without attestors. */
  readonly notary?: NotaryFolder;
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
 * there may be ConfigMaps, for rules whose context names one, and PolicyExceptions. Where a text `mayHoldRegExp`, `loadRegExps` must have been awaited, and where it
 * `mayHoldExpression`, `loadExpressions`.
 * @throws PolicyLoadError with every problem in every file
 */
export function loadPolicies(files: readonly PolicyFile[], options: LoadOptions = {}): PolicySet {
  const { namespace, leaves, exceptions: exceptionFiles = [] } = options;
  const all = [...files, ...exceptionFiles];
  refuseTooMuch(all);
  const known = new Map<string, string>();
  const policies: ReadPolicy[] = [];
  // Rules find in them what stands in any file.
  const surroundings = {
    configMaps: new Map<string, ConfigMap>(),
    exceptions: [] as WrittenException[],
    left: [] as Place[],
    namespace,
    leaves,
    notary: options.notary?.trust,
  };
  const reports = files.map((file) =>
    readFile(file, 'policy', (place, report) => {
      for (const policy of readObject(place, report, surroundings)) {
        refuseSecond('policy', policy, known, report);
        policies.push(policy);
      }
    }),
  );
  const { exceptions } = surroundings;
  for (const file of exceptionFiles) {
    reports.push(readFile(file, 'exception', (place, report) => exceptions.push(...readExceptions(place, report))));
  }
  for (const { exception, place, report } of exceptions) {
    refuseSecond('exception', { identity: `PolicyException ${exception.name}`, place }, known, report);
  }
  const rules = withExceptions([...policies, ...surroundings.left.map(leftPolicy)].map(namedPolicy), exceptions);

  const byLine = (a: { line: number }, b: { line: number }) => a.line - b.line;
  const problems = reports.flatMap((ofFile) => ofFile.flatMap((report) => report.problems).sort(byLine));
  if (problems.length > 0) throw new PolicyLoadError(problems);
  const warnings = reports.flatMap((ofFile) => ofFile.flatMap((report) => report.warnings).sort(byLine));
  return { rules, warnings, hash: hashOf([...all, ...(options.notary?.files ?? [])]) };
}

/** One report for the file as text, and one for each document in it, whose field paths are the document's own. */
function readFile(
  { name, text }: PolicyFile,
  what: string,
  readDocument: (place: Place, report: Report) => void,
): readonly Report[] {
  const syntax = new Report(name);
  const places = readDocuments(text, syntax);
  if (places.length === 0 && syntax.problems.length === 0) {
    syntax.warnings.push({ file: name, line: 1, message: `holds no ${what}` });
  }
  const documents = places.map((place) => {
    const report = new Report(name);
    readDocument(place, report);
    return report;
  });
  return [syntax, ...documents];
}

/** What is left to others is no less a policy that exceptions may be from. */
function leftPolicy(place: Place): Pick<ReadPolicy, 'name' | 'place' | 'rules'> {
  const [name = '', namespace = ''] = ['name', 'namespace'].map((field) => place.field('metadata').field(field).text);
  return { name: namespace === '' ? name : `${namespace}/${name}`, place, rules: [] };
}

function namedPolicy({ name, place, rules }: Pick<ReadPolicy, 'name' | 'place' | 'rules'>): NamedPolicy {
  const written = rulesOf(place).items.flatMap((rule) => rule.field('name').text ?? []);
  return { name, written, rules };
}

function refuseSecond(
  what: string,
  { identity, place }: Pick<ReadPolicy, 'identity' | 'place'>,
  known: Map<string, string>,
  report: Report,
): void {
  const first = known.get(identity);
  if (first === undefined) known.set(identity, `${report.file}:${place.line}`);
  else
    report.problem(
      place.field('metadata').field('name'),
      `${identity} is already defined in ${first}: a name is for one ${what}`,
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
function hashOf(files: readonly (PolicyFile | NotaryFile)[]): string {
  const hash = createHash('sha256');
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const part of sorted.flatMap((file) => [file.name, 'bytes' in file ? file.bytes : file.text])) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return hash.digest('hex');
}
