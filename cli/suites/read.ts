import { dirname, isAbsolute } from 'node:path';
import type { Place } from '../../shared/policy/kyverno/place.ts';
import type { Report } from '../../shared/policy/kyverno/report.ts';
import {
  asWritten,
  flag,
  list,
  object,
  oneOf,
  plainText,
  readOver,
  type Schema,
} from '../../shared/policy/kyverno/schema.ts';
import { PolicyLoadError } from '../../shared/policy/problems.ts';
import { documentsOf, requireHeader } from '../document.ts';
import { valuesSchema } from '../values/values.ts';
import type { Expected, NamedFile, Position, Suite } from './suite.ts';

const resourceSpec = object({
  group: plainText,
  version: plainText,
  kind: plainText,
  namespace: plainText,
  name: plainText,
  subresource: plainText,
});

/** Fields of a result that only rules of other types than verifyImages have something to do with. */
const foreignFields = {
  patchedResources: plainText,
  generatedResource: plainText,
  generatedResources: list(plainText),
  cloneSourceResource: plainText,
} as const;

const result = object({
  policy: plainText,
  rule: plainText,
  kind: plainText,
  resources: list(plainText),
  resourceSpecs: list(resourceSpec),
  result: oneOf('pass', 'fail', 'skip', 'warn', 'error'),
  operation: oneOf('CREATE', 'UPDATE', 'DELETE'),
  /** What kind the policy is of stands in the policy. */
  isValidatingAdmissionPolicy: flag,
  isMutatingAdmissionPolicy: flag,
  isValidatingPolicy: flag,
  isDeletingPolicy: flag,
  isImageValidatingPolicy: flag,
  isGeneratingPolicy: flag,
  isMutatingPolicy: flag,
  /** Whether a resource that is to be compared may be missing. */
  failOnMissingResources: flag,
  ...foreignFields,
});

const files = list(plainText);
/** Files that rules of other types are asked about. */
const foreignFiles = ['jsonPayloads', 'httpPayloads', 'envoyPayloads', 'targetResources', 'paramResources'] as const;

const test = object({
  /** Kyverno looks at none, and some suites of its own have the second one. */
  apiVersion: oneOf('cli.kyverno.io/v1alpha1', 'kyverno.io/v1'),
  kind: oneOf('Test'),
  metadata: asWritten,
  policies: files,
  resources: files,
  exceptions: files,
  clusterResources: files,
  jsonPayload: plainText,
  jsonPayloads: files,
  httpPayloads: files,
  envoyPayloads: files,
  targetResources: files,
  paramResources: files,
  variables: plainText,
  values: valuesSchema,
  userinfo: plainText,
  /** For policies in CEL. */
  context: plainText,
  /** Contexts that ask a cluster are refused where policies load, whatever a cluster would answer. */
  apiCallResponses: readOver,
  globalContextEntries: readOver,
  results: list(result),
});

const mostSuites = 1000;

/** The suites of a file, one a document. Throws FileError, PolicyLoadError. */
export async function readSuites(file: string): Promise<readonly Suite[]> {
  const { places, report } = await documentsOf(file);
  const suites = places.flatMap((place) => suiteOf(place, report) ?? []);
  const beyond = places[mostSuites];
  if (beyond !== undefined) report.problem(beyond, `a file holds ${mostSuites} tests at most`);
  if (report.problems.length > 0) throw new PolicyLoadError(report.problems);
  return suites;
}

function suiteOf(place: Place, report: Report): Suite | undefined {
  requireHeader(place, 'Test', report);
  const fields = test(place, report);
  if (fields === undefined) return undefined;
  const { file } = report;
  const named = (field: Place): readonly NamedFile[] => filesAt(field, report);
  const one = (field: string) => filesAt(place.field(field), report)[0];
  const single = ['jsonPayload', 'context'].flatMap((field) => one(field) ?? []);
  return {
    file,
    name: place.field('metadata').field('name').text ?? '',
    policies: named(place.field('policies')),
    resources: named(place.field('resources')),
    exceptions: named(place.field('exceptions')),
    clusterResources: named(place.field('clusterResources')),
    others: [...single, ...foreignFiles.flatMap((field) => named(place.field(field)))],
    userInfo: one('userinfo'),
    values: fields.values,
    variables: fields.values === undefined ? one('variables') : undefined,
    results: (fields.results ?? []).map((each, index) => expectedOf(each, place.field('results').item(index), report)),
  };
}

/** The files that a place names, as a list or as one, each once. */
function filesAt(place: Place, report: Report): readonly NamedFile[] {
  const places = place.text === undefined ? place.items : [place];
  const named = new Map<string, NamedFile>();
  for (const at of places) {
    const written = at.text ?? '';
    if (written === '') continue;
    if (/^https?:\/\//.test(written))
      report.problem(at, 'is in the network: suites name files and folders beside them');
    // Never '-', which is standard input.
    const name = isAbsolute(written) ? written : `${dirname(report.file)}/${written}`;
    if (!named.has(name)) named.set(name, { name, at: positionOf(at, report) });
  }
  return [...named.values()];
}

function positionOf({ line, path }: Place, { file }: Report): Position {
  return { file, line, field: path };
}

type ResultFields = typeof result extends Schema<infer T> ? T : never;

function expectedOf(fields: ResultFields, place: Place, report: Report): Expected {
  const { policy = '', rule = '', kind, resources, resourceSpecs, operation } = fields;
  if (policy === '') report.problem(place, 'policy is required: the name of a policy, or namespace/name');
  if (fields.result === undefined && report.clean(place.field('result'))) {
    report.problem(place, 'result is required: pass, fail, skip, warn or error');
  }
  const foreign = Object.keys(foreignFields).map((name) => place.field(name));
  return {
    at: positionOf(place, report),
    policy,
    rule,
    result: fields.result ?? 'pass',
    kind: kind === '' ? undefined : kind,
    resources: resources?.length === 0 ? undefined : resources,
    specs: resourceSpecs?.length === 0 ? undefined : resourceSpecs,
    operation,
    foreign: foreign.filter((at) => !at.empty).map((at) => positionOf(at, report)),
  };
}
