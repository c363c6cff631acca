import type { Resource } from '../resources.ts';
import type { Selector } from './selector.ts';
import type { Expected, ResourceSpec } from './suite.ts';

/** The resources that an expected result is about, and the names of it that no resource has. */
export interface Targets {
  readonly found: readonly Resource[];
  readonly missing: readonly string[];
}

/**
 * By name or `namespace/name`, and of the kind that the result says; without names, all. Where Kyverno takes any kind, and every
 * resource for a name that there is not, a name that is not there is told.
 */
export function targetsOf(expected: Expected, resources: readonly Resource[], selector: Selector): Targets {
  const { kind, resources: names, specs } = expected;
  const ofKind = kind === undefined ? resources : resources.filter(({ request }) => request.kind.kind === kind);
  const taken = ofKind.filter((resource) => spellings(resource).some(selector.takes));
  if (names === undefined && specs === undefined) {
    return { found: taken, missing: ofKind.length === 0 ? [kind ?? 'any resource'] : [] };
  }
  const found = new Set<Resource>();
  const missing: string[] = [];
  const take = (fits: (resource: Resource) => boolean, title: string) => {
    const fitting = taken.filter(fits);
    for (const one of fitting) found.add(one);
    if (fitting.length === 0) missing.push(kind === undefined ? title : `${kind} ${title}`);
  };
  for (const name of names ?? []) {
    if (selector.takes(name)) take((resource) => spellings(resource).includes(name), name);
  }
  for (const spec of specs ?? []) {
    if (selector.takes(spec.name ?? '')) take((resource) => isSpecified(resource, spec), titleOf(spec));
  }
  return { found: [...found], missing };
}

function spellings({ request: { name, namespace } }: Resource): readonly string[] {
  return [name, `${namespace}/${name}`];
}

function isSpecified({ request }: Resource, spec: ResourceSpec): boolean {
  const { group = '', version = '', kind, namespace, name = '' } = spec;
  return (
    request.kind.group === group &&
    request.kind.version === version &&
    (kind === undefined || request.kind.kind === kind) &&
    (namespace === undefined || request.namespace === namespace) &&
    request.name === name
  );
}

function titleOf({ group, version, kind, namespace, name }: ResourceSpec): string {
  return [group, version, kind, namespace, name].filter((part) => part !== undefined && part !== '').join('/');
}
