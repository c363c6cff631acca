import type { Json } from '../../shared/expression/value.ts';
import type { Place } from '../../shared/policy/kyverno/place.ts';
import type { Report } from '../../shared/policy/kyverno/report.ts';
import {
  asWritten,
  dictionary,
  flag,
  list,
  object,
  oneOf,
  plainText,
  readOver,
  type Schema,
} from '../../shared/policy/kyverno/schema.ts';
import { readOne, requireHeader } from '../document.ts';
import { type Assignment, assignments, wholeOf } from './assignments.ts';
import type { NamespaceLabels } from './namespaces.ts';

/** What a values file says (`kind: Values`, cli.kyverno.io/v1alpha1): names and fields that a cluster would fill in. */
export interface Values {
  readonly global: readonly Assignment[];
  readonly policies: readonly PolicyValues[];
  /** Labels of namespaces, by their names. */
  readonly namespaces: NamespaceLabels;
  readonly subresources: readonly Subresource[];
}

export interface PolicyValues {
  readonly name: string;
  readonly resources: readonly { readonly name: string; readonly values: readonly Assignment[] }[];
  readonly rules: readonly { readonly name: string; readonly values: readonly Assignment[] }[];
}

/** Objects of one kind that stand for a request to a subresource of another. */
export interface Subresource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly parent: { readonly group: string; readonly version: string; readonly kind: string };
  /** `scale`, of `deployments/scale`. */
  readonly subresource: string;
}

const apiResource = object({
  name: plainText,
  singularName: plainText,
  namespaced: flag,
  group: plainText,
  version: plainText,
  kind: plainText,
  verbs: readOver,
  shortNames: readOver,
  categories: readOver,
  storageVersionHash: readOver,
});

const specFields = {
  globalValues: asWritten,
  policies: list(
    object({
      name: plainText,
      resources: list(object({ name: plainText, values: asWritten })),
      rules: list(object({ name: plainText, values: asWritten, foreachValues: asWritten })),
    }),
  ),
  namespaceSelector: list(object({ name: plainText, labels: dictionary(plainText) })),
  namespaces: list(
    object({
      apiVersion: oneOf('v1'),
      kind: oneOf('Namespace'),
      metadata: asWritten,
      spec: readOver,
      status: readOver,
    }),
  ),
  subresources: list(object({ subresource: apiResource, parentResource: apiResource })),
};
const spec = object(specFields);
const file = object({
  apiVersion: oneOf('cli.kyverno.io/v1alpha1'),
  /** Kyverno looks at neither, and many a file of its own has the second one. */
  kind: oneOf('Values', 'Value'),
  metadata: readOver,
  ...specFields,
});

type SpecFields = NonNullable<ReturnType<typeof spec>>;

/** Throws FileError, PolicyLoadError. */
export function readValuesFile(name: string): Promise<Values> {
  return readOne(name, 'a Values document', (place, report) => {
    requireHeader(place, 'Values', report);
    const fields = file(place, report);
    return fields === undefined ? undefined : valuesOf(fields, place, report);
  });
}

/** The same where it stands in a test. */
export const valuesSchema: Schema<Values> = (place, report) => {
  const fields = spec(place, report);
  return fields === undefined ? undefined : valuesOf(fields, place, report);
};

function valuesOf(fields: SpecFields, place: Place, report: Report): Values {
  const policies = (fields.policies ?? []).map((policy, index): PolicyValues => {
    const at = place.field('policies').item(index);
    const named = <T extends { readonly name?: string }>(one: T, where: Place) => nameOf(one, where, report);
    return {
      name: named(policy, at),
      resources: (policy.resources ?? []).map((one, nth) => {
        const where = at.field('resources').item(nth);
        return { name: named(one, where), values: assignments(where.field('values'), report) };
      }),
      rules: (policy.rules ?? []).map((one, nth) => {
        const where = at.field('rules').item(nth);
        const each = assignments(where.field('foreachValues'), report, firstOf);
        return { name: named(one, where), values: [...assignments(where.field('values'), report), ...each] };
      }),
    };
  });
  return {
    global: assignments(place.field('globalValues'), report),
    policies,
    namespaces: namespacesOf(fields, place, report),
    subresources: (fields.subresources ?? []).flatMap((one, index) => {
      const at = place.field('subresources').item(index);
      return subresourceOf(one, at, report) ?? [];
    }),
  };
}

function nameOf({ name }: { readonly name?: string | undefined }, place: Place, report: Report): string {
  if (!name) report.problem(place, 'a name is required');
  return name ?? '';
}

/** A rule of images goes through no elements, so that of each list the first one counts, as in Kyverno. */
function firstOf(place: Place, report: Report): Json | undefined {
  const [first] = place.items;
  if (first === undefined) report.problem(place, `a list with an element is expected, this is ${place.is}`);
  return first === undefined ? undefined : wholeOf(first);
}

/** As in Kyverno, what is said as a Namespace counts over what is said as a selector. */
function namespacesOf(fields: SpecFields, place: Place, report: Report): Values['namespaces'] {
  const labels = new Map<string, Readonly<Record<string, string>>>();
  for (const [index, one] of (fields.namespaceSelector ?? []).entries()) {
    labels.set(nameOf(one, place.field('namespaceSelector').item(index), report), one.labels ?? {});
  }
  for (const item of place.field('namespaces').items) {
    const metadata = item.field('metadata');
    const name = nameOf({ name: metadata.field('name').text }, metadata, report);
    const written = metadata.field('labels');
    labels.set(name, (written.given ? dictionary(plainText)(written, report) : undefined) ?? {});
  }
  return labels;
}

function subresourceOf(
  { subresource, parentResource }: NonNullable<SpecFields['subresources']>[number],
  place: Place,
  report: Report,
): Subresource | undefined {
  const { name = '', group = '', version = '', kind = '' } = subresource ?? {};
  const [, part, more] = name.split('/');
  if (!part || more !== undefined) {
    report.problem(
      place.field('subresource').field('name'),
      'must be of the form resource/subresource: deployments/scale',
    );
  }
  for (const [at, found] of [
    ['subresource', subresource],
    ['parentResource', parentResource],
  ] as const) {
    if (!found?.kind || !found.version) report.problem(place.field(at), 'version and kind are required');
  }
  if (!part || !report.clean(place)) return undefined;
  const parent = {
    group: parentResource?.group ?? '',
    version: parentResource?.version ?? '',
    kind: parentResource?.kind ?? '',
  };
  return { group, version, kind, parent, subresource: part };
}
