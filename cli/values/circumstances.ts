import type { JsonObject as ReviewObject } from '../../shared/admission/json.ts';
import type { AdmissionRequest, Operation, UserInfo } from '../../shared/admission/review.ts';
import { emptyObject, isObject, type Json } from '../../shared/expression/value.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import { mergedOver, type Stated } from '../../shared/policy/stated.ts';
import { type Assignment, treeOf } from './assignments.ts';
import { type NamespaceLabels, withName } from './namespaces.ts';
import type { PolicyValues, Values } from './values.ts';

/** What is said beside the resources: values for rules, who asks, and what the request does. */
export interface Circumstances {
  readonly values?: Values | undefined;
  /** What namespaces among the resources say; the values count over it. */
  readonly namespaces?: NamespaceLabels | undefined;
  readonly user?: UserInfo | undefined;
  /** Counts over the values. */
  readonly operation?: SimulatedOperation | undefined;
}

export type SimulatedOperation = Exclude<Operation, 'CONNECT'>;

/** Rules that are asked about one request, with the names that count in place of what a cluster would say. */
export interface Asked {
  readonly rules: readonly Rule[];
  /** Its object is as the file has it. */
  readonly request: AdmissionRequest;
  /** Goes over the object; `undefined`: it stays as it is. */
  readonly overlay: Json | undefined;
  readonly stated?: Stated;
}

/**
 * What the rules are asked about a resource. Without values all are asked about its creation. Values are a policy's own, and may change
 * what the request does and what the object holds, so that policies are asked about requests of their own where they differ. As in
 * Kyverno's command line an UPDATE has the object on both sides, and asks about all of its images: what is told apart from what was
 * there are names in expressions alone.
 */
export function askedAbout(
  rules: readonly Rule[],
  created: AdmissionRequest,
  { values, namespaces, user, operation }: Circumstances,
): readonly Asked[] {
  const asker = user === undefined ? created : { ...created, userInfo: user };
  const request = inPlaceOfParent(withLabels(asker, values, namespaces), values);
  if (values === undefined && operation === undefined) return [{ rules, request, overlay: undefined }];
  const requests = new Map<string, { readonly rules: Rule[]; readonly first: Said }>();
  for (const rule of rules) {
    const first = said(rule, request.name, values, operation);
    const key = JSON.stringify([first.operation, first.object ?? null]);
    const same = requests.get(key);
    if (same === undefined) requests.set(key, { rules: [rule], first });
    else same.rules.push(rule);
  }
  return [...requests.values()].map(({ rules: same, first }) => ({
    rules: same,
    request: shaped(request, first.operation),
    overlay: first.object,
    stated: (rule) => statedFor(rule, request, first.operation, { values, operation }),
  }));
}

/** What values say of the request itself. */
interface Said {
  readonly operation: Operation;
  readonly object: Json | undefined;
}

function said(rule: Rule, resource: string, values: Values | undefined, operation?: SimulatedOperation): Said {
  const request = treeOf(assignedTo(rule, resource, values)).get('request');
  const field = (name: string) =>
    request !== undefined && isObject(request) && Object.hasOwn(request, name) ? request[name] : undefined;
  const written = field('operation');
  const simulated = written === 'UPDATE' || written === 'DELETE' ? written : 'CREATE';
  return { operation: operation ?? simulated, object: field('object') };
}

/** A missing oldObject means that every image is asked about. */
function shaped(request: AdmissionRequest, operation: Operation): AdmissionRequest {
  if (operation !== 'DELETE') return { ...request, operation };
  return { ...request, operation, object: undefined, oldObject: request.object };
}

/** `done`: what the request does, whoever says so. */
function statedFor(
  rule: Rule,
  request: AdmissionRequest,
  done: Operation,
  { values, operation }: Pick<Circumstances, 'values' | 'operation'>,
): ReadonlyMap<string, Json> {
  const assigned = assignedTo(rule, request.name, values);
  const tree = new Map(treeOf([...assigned, ...assignedToRule(rule, values)]));
  const written = tree.get('request');
  tree.delete('request');
  let requested: Json = emptyObject();
  // An object of JSON, as the document was.
  if (done === 'UPDATE') requested = only('oldObject', (request.object ?? null) as Json);
  if (written !== undefined) requested = mergedOver(requested, withoutObject(written));
  if (operation !== undefined) requested = mergedOver(requested, only('operation', operation));
  if (!isObject(requested) || Object.keys(requested).length > 0) tree.set('request', requested);
  return tree;
}

function only(name: string, value: Json): Json {
  const object = emptyObject();
  object[name] = value;
  return object;
}

/** The object has them already, and what admission makes of it counts. */
function withoutObject(requested: Json): Json {
  if (!isObject(requested)) return requested;
  const rest = emptyObject();
  for (const name of Object.keys(requested)) if (name !== 'object') rest[name] = requested[name] ?? null;
  return rest;
}

/** By a resource's name alone, as Kyverno's command line goes by it. */
function assignedTo(rule: Rule, resource: string, values: Values | undefined): readonly Assignment[] {
  const own = valuesOf(rule, values)
    .flatMap(({ resources }) => resources.filter((each) => each.name === resource))
    .flatMap((each) => each.values);
  return [...(values?.global ?? []), ...own];
}

function assignedToRule(rule: Rule, values: Values | undefined): readonly Assignment[] {
  const { name, autogenOf } = rule;
  return valuesOf(rule, values)
    .flatMap(({ rules }) => rules.filter((each) => each.name === name || each.name === autogenOf))
    .flatMap((each) => each.values);
}

/** Those of the rule's policy, by its name without its namespace, as Kyverno's command line goes by it. */
function valuesOf({ policy, namespace }: Rule, values: Values | undefined): readonly PolicyValues[] {
  const name = namespace === undefined ? policy : policy.slice(namespace.length + 1);
  return values?.policies.filter((each) => each.name === name) ?? [];
}

/** The labels of its namespace, where the values say them or the namespace is among the resources; of any other they stay unknown. */
function withLabels(
  request: AdmissionRequest,
  values: Values | undefined,
  namespaces: NamespaceLabels | undefined,
): AdmissionRequest {
  const written = values?.namespaces.get(request.namespace);
  const namespaceLabels = written ? withName(request.namespace, written) : namespaces?.get(request.namespace);
  return namespaceLabels === undefined ? request : { ...request, namespaceLabels };
}

/** An object of a kind that the values name as a subresource's is a request to that subresource. */
function inPlaceOfParent(request: AdmissionRequest, values: Values | undefined): AdmissionRequest {
  const { group, version, kind } = request.kind;
  const found = values?.subresources.find(
    (each) => each.group === group && each.version === version && each.kind === kind,
  );
  return found === undefined ? request : { ...request, kind: found.parent, subResource: found.subresource };
}

/** The object that rules see. */
export function overlaid(object: ReviewObject, overlay: Json | undefined): ReviewObject {
  if (overlay === undefined) return object;
  const merged = mergedOver(object as Json, overlay);
  return isObject(merged) ? merged : object;
}
