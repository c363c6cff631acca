import { compileQuery } from '../../expression/expressions.ts';
import type { Query } from '../../expression/query.ts';
import { type ContextEntry, takenName } from '../context.ts';
import { isPoliciesWord } from '../policies-word.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import { asWritten, list, notBuiltAtAll, object, plainText } from './schema.ts';
import { jsonOf } from './tree-json.ts';
import { read, readTemplate } from './variables.ts';

const mostEntries = 32;

const entryFields = list(
  object({
    name: plainText,
    variable: object({ value: asWritten, jmesPath: plainText, default: asWritten }),
    configMap: object({ name: plainText, namespace: plainText }),
    imageRegistry: object({ reference: plainText, jmesPath: plainText, imageRegistryCredentials: notBuiltAtAll }),
    apiCall: asWritten,
    globalReference: asWritten,
  }),
);

type EntryFields = NonNullable<ReturnType<typeof entryFields>>[number];

const sources = ['variable', 'configMap', 'imageRegistry', 'apiCall', 'globalReference'] as const;

/** A rule's `context`, with Kyverno's lint. What would have to ask a cluster is refused: a function has none to ask. */
export function readContext(place: Place, report: Report): readonly ContextEntry[] {
  if (place.empty) return [];
  const fields = entryFields(place, report) ?? [];
  if (fields.length > mostEntries) report.problem(place, `has ${fields.length} entries: more than ${mostEntries}`);
  const entries: ContextEntry[] = [];
  for (const [index, each] of fields.entries()) {
    const entry = readEntry(each, place.item(index), entries, report);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** @param before the entries that it sees */
function readEntry(
  fields: EntryFields,
  at: Place,
  before: readonly ContextEntry[],
  report: Report,
): ContextEntry | undefined {
  const name = readName(fields.name, at, report);
  const written = sources.filter((source) => at.field(source).given);
  const [source, another] = written;
  if (source === undefined || another !== undefined) {
    const found = another === undefined ? '' : `: here are ${written.join(' and ')}`;
    report.problem(at, `one of variable, configMap and imageRegistry is required${found}`);
    return undefined;
  }
  if (source === 'apiCall' || source === 'globalReference') {
    const advice = 'write what it would give into a ConfigMap beside the policies, or into a variable';
    report.problem(at.field(source), `asks a cluster, and Countersign runs in none: ${advice}`);
    return undefined;
  }
  if (name === undefined || !report.clean(at)) return undefined;
  if (fields.variable !== undefined) return readVariable(name, fields.variable, at.field('variable'), report);
  if (fields.configMap !== undefined) return readConfigMap(name, fields.configMap, at.field('configMap'), report);
  const image = fields.imageRegistry;
  return image && readImageRegistry(name, image, at.field('imageRegistry'), before, report);
}

function readName(name: string | undefined, at: Place, report: Report): string | undefined {
  if (!name) {
    report.problem(at, 'a name is required for context entries');
    return undefined;
  }
  const taken = takenName(name);
  if (taken !== undefined)
    report.problem(
      at.field('name'),
      `entry name ${name.slice(0, 60)} is invalid as it conflicts with a pre-defined variable ${taken}`,
    );
  return name;
}

function readVariable(
  name: string,
  fields: NonNullable<EntryFields['variable']>,
  at: Place,
  report: Report,
): ContextEntry | undefined {
  if (fields.value === undefined && !fields.jmesPath) {
    report.problem(at, 'the variable must define either a value or a jmesPath expression');
    return undefined;
  }
  const template = (place: Place | undefined) =>
    place?.tree === undefined ? undefined : readTemplate(jsonOf(place.tree), place, report);
  const value = template(fields.value);
  const written = template(fields.default);
  const jmesPath = readQuery(fields.jmesPath, at.field('jmesPath'), report);
  if (!report.clean(at)) return undefined;
  return {
    kind: 'variable',
    name,
    ...(value !== undefined && { value }),
    ...(jmesPath !== undefined && { jmesPath }),
    ...(written !== undefined && { default: written }),
  };
}

function readConfigMap(
  name: string,
  fields: NonNullable<EntryFields['configMap']>,
  at: Place,
  report: Report,
): ContextEntry | undefined {
  if (!fields.name) report.problem(at, 'a name is required for configMap context entry');
  const named = readTemplate(fields.name ?? '', at.field('name'), report);
  const namespace = readTemplate(fields.namespace ?? '', at.field('namespace'), report);
  if (named === undefined || namespace === undefined || !report.clean(at)) return undefined;
  return { kind: 'config-map', name, configMap: { name: named, namespace } };
}

function readImageRegistry(
  name: string,
  fields: NonNullable<EntryFields['imageRegistry']>,
  at: Place,
  before: readonly ContextEntry[],
  report: Report,
): ContextEntry | undefined {
  if (!fields.reference) report.problem(at, 'a ref is required for imageRegistry context entry');
  const reference = readTemplate(fields.reference ?? '', at.field('reference'), report);
  const jmesPath = readQuery(fields.jmesPath, at.field('jmesPath'), report);
  if (reference === undefined || !report.clean(at)) return undefined;
  return {
    kind: 'image-registry',
    name,
    reference,
    written: fields.reference ?? '',
    chosen: !isPoliciesWord(fields.reference ?? '', before),
    ...(jmesPath !== undefined && { jmesPath }),
  };
}

function readQuery(text: string | undefined, at: Place, report: Report): Query | undefined {
  return text ? read(() => compileQuery(text), at, report) : undefined;
}
