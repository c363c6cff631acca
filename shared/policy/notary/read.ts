import { quoted } from '../../printable.ts';
import { utf8Problem } from '../../utf8.ts';
import type { Place } from '../kyverno/place.ts';
import { Report } from '../kyverno/report.ts';
import { dictionary, list, object, plainText } from '../kyverno/schema.ts';
import { readDocuments } from '../kyverno/yaml/document.ts';
import { type LoadProblem, type LoadWarning, PolicyLoadError } from '../problems.ts';
import { brokenJson } from './broken-json.ts';
import type { NotaryFile, NotaryFolder } from './folder.ts';
import { readIdentities } from './identities.ts';
import { readLevels, readVerifyTimestamp } from './levels.ts';
import { notaryPath, ociDocument, olderDocument } from './paths.ts';
import { readScopes, scopeName } from './scopes.ts';
import { problemOfStoreFile, readStores, type StoreFiles } from './stores.ts';
import type { NotaryStatement, NotaryStoreFile } from './trust-policy.ts';

/** Statements of one document: all their scopes are compared. */
const mostStatements = 500;

const statementFields = object({
  name: plainText,
  registryScopes: list(plainText),
  signatureVerification: object({ level: plainText, override: dictionary(plainText), verifyTimestamp: plainText }),
  trustStores: list(plainText),
  trustedIdentities: list(plainText),
});
const documentFields = object({ version: plainText, trustPolicies: list(statementFields) });

type StatementFields = NonNullable<ReturnType<typeof statementFields>>;

/**
 * A folder as notation has it (trust-store-trust-policy.md, version 1.0): its trust policy, with the certificates of the stores that it
 * names. `title` is the folder's name for problems. Files are those that `notaryPath` takes.
 * @throws PolicyLoadError with every problem that was found
 */
export function readNotaryFolder(title: string, files: readonly NotaryFile[]): NotaryFolder {
  const older = files.find(({ path }) => path === olderDocument);
  const document = files.find(({ path }) => path === ociDocument) ?? older;
  if (document === undefined) {
    throw new PolicyLoadError([
      problem(title, `holds no trust policy: put ${ociDocument}, or ${olderDocument}, into it`),
    ]);
  }
  const report = new Report(document.name);
  const statements = readDocument(document, storesIn(files), report);
  const problems = [...report.problems, ...problemsOfFiles(statements)];
  if (problems.length > 0) throw new PolicyLoadError(problems);
  const unread = older === undefined || older === document ? [] : [unreadDocument(older)];
  return { trust: { statements }, files, warnings: [...report.warnings, ...unread] };
}

function unreadDocument({ name }: NotaryFile): LoadWarning {
  return { file: name, line: 1, message: `is not read: ${ociDocument} is beside it, as for notation` };
}

function storesIn(files: readonly NotaryFile[]): StoreFiles {
  const stores = new Map<string, NotaryStoreFile[]>();
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const where = notaryPath(file.path);
    if (where.kind !== 'certificate') continue;
    const name = `${where.type}:${where.store}`;
    const store = stores.get(name);
    if (store === undefined) stores.set(name, [file]);
    else store.push(file);
  }
  return stores;
}

/** What is wrong with the files of the stores that are named, each told once. */
function problemsOfFiles(statements: readonly NotaryStatement[]): LoadProblem[] {
  const found = new Map<NotaryStoreFile, string | undefined>();
  for (const { type, files } of statements.flatMap(({ stores }) => stores)) {
    for (const file of files) if (!found.has(file)) found.set(file, problemOfStoreFile(file, type));
  }
  return [...found].flatMap(([file, message]) => (message === undefined ? [] : [problem(file.name, message)]));
}

function problem(file: string, message: string): LoadProblem {
  return { file, line: 0, field: '', message };
}

function readDocument({ bytes }: NotaryFile, stores: StoreFiles, report: Report): readonly NotaryStatement[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notText = utf8Problem(buffer);
  if (notText !== undefined) {
    report.problems.push(problem(report.file, notText));
    return [];
  }
  const text = buffer.toString('utf8');
  const broken = brokenJson(text);
  if (broken !== undefined) {
    report.problems.push({ ...problem(report.file, broken.message), line: broken.line });
    return [];
  }
  // JSON is YAML, and its reader tells lines, and names that stand twice.
  const [place] = readDocuments(text, report);
  if (place?.field('apiVersion').given) {
    report.problem(place, "is an object of Kubernetes: write what is in its spec, 'version' and 'trustPolicies'");
    return [];
  }
  const fields = place && documentFields(place, report);
  if (place === undefined || fields === undefined) return [];
  refuseVersion(fields.version, place.field('version'), report);
  const at = place.field('trustPolicies');
  const written = fields.trustPolicies ?? [];
  if (!report.clean(at)) return [];
  if (written.length === 0) report.problem(at, 'is required: a trust policy has one statement at least');
  if (written.length > mostStatements) {
    report.problem(at, `has more than ${mostStatements} statements`);
    return [];
  }
  const statements = written.flatMap((one, index) => readStatement(one, stores, at.item(index), report) ?? []);
  refuseRepeatedNames(written, at, report);
  refuseRepeatedScopes(written, at, report);
  return statements;
}

function refuseVersion(version: string | undefined, at: Place, report: Report): void {
  if (!report.clean(at)) return;
  if (!version) report.problem(at, 'is required: write "1.0"');
  else if (version !== '1.0') report.problem(at, `${quoted(version, 40)} is not supported: write "1.0"`);
}

function readStatement(
  fields: StatementFields,
  files: StoreFiles,
  place: Place,
  report: Report,
): NotaryStatement | undefined {
  const { name = '', signatureVerification = {} } = fields;
  if (name === '' && report.clean(place.field('name'))) report.problem(place, 'name is required');
  const scopes = readScopes(fields.registryScopes ?? [], place.field('registryScopes'), report);
  const verification = place.field('signatureVerification');
  const levels = report.clean(verification) ? readLevels(signatureVerification, verification, report) : undefined;
  const verifyTimestamp = readVerifyTimestamp(signatureVerification, verification, report);
  const asksNothing = signatureVerification.level === 'skip';
  const trusted = asksNothing ? nobody(fields, scopes, place, report) : readTrusted(fields, files, place, report);
  if (scopes === undefined || levels === undefined || trusted === undefined) return undefined;
  return { name, scopes, levels, verifyTimestamp, ...trusted };
}

type Trusted = Pick<NotaryStatement, 'stores' | 'identities'>;

/** At level skip nothing is asked, and so nobody is trusted. */
function nobody(
  fields: StatementFields,
  scopes: NotaryStatement['scopes'] | undefined,
  place: Place,
  report: Report,
): Trusted {
  for (const name of ['trustStores', 'trustedIdentities'] as const) {
    if ((fields[name] ?? []).length > 0) report.problem(place.field(name), 'has no effect at level skip: leave it out');
  }
  if (scopes === 'every') {
    report.problem(
      place.field('registryScopes'),
      "'*' cannot be at level skip: images of no other statement would be admitted unsigned; name the repositories",
    );
  }
  return { stores: [], identities: 'any' };
}

function readTrusted(fields: StatementFields, files: StoreFiles, place: Place, report: Report): Trusted | undefined {
  const { trustStores = [], trustedIdentities = [] } = fields;
  const [storesAt, identitiesAt] = [place.field('trustStores'), place.field('trustedIdentities')];
  if (!report.clean(storesAt) || !report.clean(identitiesAt)) return undefined;
  if (trustStores.length === 0) report.problem(storesAt, 'is required, but at level skip: write TYPE:NAME, as ca:acme');
  if (trustedIdentities.length === 0) {
    report.problem(
      identitiesAt,
      "is required, but at level skip: write x509.subject:…, or '*' for anyone of the trust stores",
    );
  }
  const stores = readStores(trustStores, files, storesAt, report);
  const identities = readIdentities(trustedIdentities, identitiesAt, report);
  if (stores === undefined || identities === undefined) return undefined;
  warnOfSigner({ stores, identities }, storesAt, report);
  return { stores, identities };
}

/** AWS Signer is a signing authority: what it signs is held against stores of that type alone. */
function warnOfSigner({ stores, identities }: Trusted, at: Place, report: Report): void {
  const asks = identities !== 'any' && identities.some(({ kind }) => kind === 'aws-signer-profile');
  if (asks && !stores.some(({ type }) => type === 'signingAuthority')) {
    report.warning(
      at,
      'names no signingAuthority store, so nothing that AWS Signer signs counts: add one with its root',
    );
  }
}

function refuseRepeatedNames(statements: readonly StatementFields[], place: Place, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name = '' }] of statements.entries()) {
    if (name !== '' && seen.has(name)) {
      report.problem(place.item(index).field('name'), `${quoted(name, 60)} is another statement's name`);
    }
    seen.add(name);
  }
}

function refuseRepeatedScopes(statements: readonly StatementFields[], place: Place, report: Report): void {
  const seen = new Map<string, number>();
  for (const [index, { registryScopes = [] }] of statements.entries()) {
    for (const [number, scope] of registryScopes.entries()) {
      const name = scopeName(scope);
      const first = seen.get(name);
      if (first !== undefined) {
        const where = first === index ? 'twice' : `in ${place.item(first).path} too`;
        report.problem(
          place.item(index).field('registryScopes').item(number),
          `${quoted(scope, 120)} is there ${where}`,
        );
      } else seen.set(name, index);
    }
  }
}
