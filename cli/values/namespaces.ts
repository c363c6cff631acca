import { isJsonObject, own } from '../../shared/admission/json.ts';
import type { AdmissionRequest } from '../../shared/admission/review.ts';
import { namespaceNameLabel } from '../../shared/policy/match.ts';

/** Labels of namespaces, by their names. */
export type NamespaceLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * What `v1` Namespaces among the resources say of their labels. One whose labels no API server would take, or of which there are two that
 * differ, says nothing: which labels it will have is not known.
 */
export function labelsAmong(requests: Iterable<AdmissionRequest>): NamespaceLabels {
  const found = new Map<string, Readonly<Record<string, string>> | undefined>();
  for (const { kind, name, object } of requests) {
    if (kind.group !== '' || kind.version !== 'v1' || kind.kind !== 'Namespace' || name === '') continue;
    const labels = labelsOf(name, object);
    found.set(name, !found.has(name) || same(found.get(name), labels) ? labels : undefined);
  }
  return new Map([...found].flatMap(([name, labels]) => (labels === undefined ? [] : [[name, labels] as const])));
}

function labelsOf(name: string, object: unknown): Readonly<Record<string, string>> | undefined {
  const metadata = isJsonObject(object) ? own(object, 'metadata') : undefined;
  const written = (isJsonObject(metadata) ? own(metadata, 'labels') : undefined) ?? {};
  if (!isJsonObject(written)) return undefined;
  const labels = Object.entries(written);
  if (!labels.every((label): label is [string, string] => typeof label[1] === 'string')) return undefined;
  return withName(name, Object.fromEntries(labels));
}

/** The labels with the one that API servers set, whatever was written. */
export function withName(name: string, labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries([...Object.entries(labels), [namespaceNameLabel, name]]);
}

function same(one: Readonly<Record<string, string>> | undefined, other: typeof one): boolean {
  const textOf = (labels: typeof one) => JSON.stringify(Object.entries(labels ?? {}).sort());
  return one !== undefined && other !== undefined && textOf(one) === textOf(other);
}
