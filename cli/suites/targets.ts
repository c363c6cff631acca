import type { Resource } from '../resources.ts';
import type { Selector } from './selector.ts';
import type { Expected, ResourceSpec } from './suite.ts';

/** The resources that an expected result is about, and the names of it that no resource has. */
export interface Targets {
  readonly found: readonly Resource[];
  readonly missing: readonly string[];
}

/** A suite's resources, by `name` and by `namespace/name`. */
export interface ResourceIndex {
  readonly all: readonly Resource[];
  readonly named: ReadonlyMap<string, readonly Resource[]>;
}

export function indexed(all: readonly Resource[]): ResourceIndex {
  const named = new Map<string, Resource[]>();
  for (const resource of all) {
    for (const spelling of spellings(resource)) {
      const same = named.get(spelling);
      if (same === undefined) named.set(spelling, [resource]);
      else same.push(resource);
    }
  }
  return { all, named };
}

/**
 * By name or `namespace/name`, and of the kind that the result says; without names, all. Where Kyverno takes any kind, and every
 * resource for a name that there is not, a name that is not there is told.
 */
export function targetsOf(expected: Expected, { all, named }: ResourceIndex, selector: Selector): Targets {
  const { kind, resources: names, specs } = expected;
  const isOfKind = ({ request }: Resource) => kind === undefined || request.kind.kind === kind;
  const isTaken = (resource: Resource) => isOfKind(resource) && spellings(resource).some(selector.takes);
  if (names === undefined && specs === undefined) {
    return { found: all.filter(isTaken), missing: all.some(isOfKind) ? [] : [kind ?? 'any resource'] };
  }
  const found = new Set<Resource>();
  const missing: string[] = [];
  const take = (fitting: readonly Resource[], title: string) => {
    const taken = fitting.filter(isTaken);
    for (const one of taken) found.add(one);
    if (taken.length === 0) missing.push(kind === undefined ? title : `${kind} ${title}`);
  };
  for (const name of names ?? []) if (selector.takes(name)) take(named.get(name) ?? [], name);
  for (const spec of specs ?? []) {
    const { name = '' } = spec;
    const fitting = (named.get(name) ?? []).filter((resource) => isSpecified(resource, spec));
    if (selector.takes(name)) take(fitting, titleOf(spec));
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
