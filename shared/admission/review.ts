import { isJsonObject, type JsonObject, own } from './json.ts';

/** What this project reads of an AdmissionReview's `request` (admission.k8s.io/v1), under the API's own names. */
export interface AdmissionRequest {
  /** Repeated in the response; 1 to 128 characters. */
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  /** `ephemeralcontainers`, `status`…; empty for the object itself. */
  readonly subResource: string;
  readonly operation: Operation;
  /** Empty for what is not namespaced. */
  readonly namespace: string;
  /** Empty on a CREATE with generateName. */
  readonly name: string;
  readonly dryRun: boolean;
  readonly userInfo: { readonly username: string; readonly groups: readonly string[] };
  /** Set on CREATE and UPDATE. */
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/**
 * `no-review`: nothing that an answer could name by uid; the call fails with HTTP 400. `malformed`: answered under its uid
 * with the reason `review-malformed`.
 */
export type ParsedReview =
  | { readonly kind: 'review'; readonly request: AdmissionRequest }
  | { readonly kind: 'malformed'; readonly uid: string; readonly problem: string }
  | { readonly kind: 'no-review'; readonly problem: string };

const maxUid = 128;
const operations: readonly string[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] satisfies Operation[];

/** Reads a request's body after JSON.parse. Never throws, and keeps no more of it than the object and the old object. */
export function parseReview(body: unknown): ParsedReview {
  if (!isJsonObject(body)) return { kind: 'no-review', problem: 'the body is not a JSON object' };
  if (own(body, 'kind') !== 'AdmissionReview' || own(body, 'apiVersion') !== 'admission.k8s.io/v1') {
    return { kind: 'no-review', problem: 'the body is not an AdmissionReview of admission.k8s.io/v1' };
  }
  const request = own(body, 'request');
  if (!isJsonObject(request)) return { kind: 'no-review', problem: 'the AdmissionReview has no request' };
  const uid = own(request, 'uid');
  if (typeof uid !== 'string' || uid === '' || uid.length > maxUid) {
    return { kind: 'no-review', problem: 'the AdmissionReview has no request.uid' };
  }
  try {
    return { kind: 'review', request: readRequest(uid, request) };
  } catch (thrown) {
    if (thrown instanceof FieldError) return { kind: 'malformed', uid, problem: thrown.message };
    throw thrown;
  }
}

class FieldError extends Error {}

function readRequest(uid: string, request: JsonObject): AdmissionRequest {
  const operation = readOperation(own(request, 'operation'));
  const kind = readObject(request, 'request', 'kind');
  const resource = readObject(request, 'request', 'resource');
  if (kind === undefined) throw new FieldError('request.kind is missing');
  const object = readObject(request, 'request', 'object');
  if (object === undefined && (operation === 'CREATE' || operation === 'UPDATE')) {
    throw new FieldError(`request.object is missing from a request to ${operation}`);
  }
  return {
    uid,
    kind: {
      group: readText(kind, 'request.kind', 'group'),
      version: readText(kind, 'request.kind', 'version'),
      kind: readText(kind, 'request.kind', 'kind'),
    },
    resource: {
      group: readText(resource, 'request.resource', 'group'),
      version: readText(resource, 'request.resource', 'version'),
      resource: readText(resource, 'request.resource', 'resource'),
    },
    subResource: readText(request, 'request', 'subResource'),
    operation,
    namespace: readText(request, 'request', 'namespace'),
    name: readText(request, 'request', 'name'),
    dryRun: readFlag(request, 'request', 'dryRun'),
    userInfo: readUser(readObject(request, 'request', 'userInfo')),
    object,
    oldObject: readObject(request, 'request', 'oldObject'),
  };
}

function readOperation(value: unknown): Operation {
  if (typeof value !== 'string' || !operations.includes(value)) {
    throw new FieldError(`request.operation must be one of ${operations.join(', ')}`);
  }
  return value as Operation;
}

function readUser(user: JsonObject | undefined): AdmissionRequest['userInfo'] {
  const groups = user === undefined ? undefined : own(user, 'groups');
  if (groups !== undefined && !isTextList(groups))
    throw new FieldError('request.userInfo.groups must be a list of strings');
  return { username: readText(user, 'request.userInfo', 'username'), groups: groups ?? [] };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

function readObject(parent: JsonObject, path: string, key: string): JsonObject | undefined {
  const value = own(parent, key);
  if (value !== undefined && !isJsonObject(value)) throw new FieldError(`${path}.${key} must be an object`);
  return value;
}

function readText(parent: JsonObject | undefined, path: string, key: string): string {
  const value = parent === undefined ? undefined : own(parent, key);
  if (value !== undefined && typeof value !== 'string') throw new FieldError(`${path}.${key} must be a string`);
  return value ?? '';
}

function readFlag(parent: JsonObject, path: string, key: string): boolean {
  const value = own(parent, key);
  if (value !== undefined && typeof value !== 'boolean') throw new FieldError(`${path}.${key} must be a boolean`);
  return value ?? false;
}
