import { isJsonObject, type JsonObject, own } from './json.ts';

/** What this project reads of an AdmissionReview's `request` (admission.k8s.io/v1), under the API's own names. */
export interface AdmissionRequest {
  /** Repeated in the response; 1 to 128 characters. */
  readonly uid: string;
  readonly kind: RequestKind;
  readonly resource: RequestResource;
  /** `ephemeralcontainers`, `status`…; empty for the object itself. */
  readonly subResource: string;
  /** As the client asked, where the API server converted it for the webhook; API servers send them always. */
  readonly requestKind?: RequestKind | undefined;
  readonly requestResource?: RequestResource | undefined;
  readonly requestSubResource?: string | undefined;
  readonly operation: Operation;
  /** Empty for what is not namespaced. */
  readonly namespace: string;
  /** Empty on a CREATE with generateName. */
  readonly name: string;
  readonly dryRun: boolean;
  readonly userInfo: UserInfo;
  /** Set on CREATE and UPDATE. */
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
  /** Of the namespace: on the command line alone, where somebody gives them. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** Of the operation: CreateOptions and the like. */
  readonly options?: JsonObject | undefined;
}

export interface RequestKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface RequestResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

export interface UserInfo {
  readonly username: string;
  readonly groups: readonly string[];
  readonly uid?: string | undefined;
  /** What the authenticator says beside; Go writes an empty list as null. Fields are the object's own alone. */
  readonly extra?: Readonly<Record<string, readonly string[] | null>> | undefined;
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

/** Reads a request's body after JSON.parse. Never throws, and keeps no more of it than is named above. */
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
  const kind = readKind(request, 'kind');
  if (kind === undefined) throw new FieldError('request.kind is missing');
  const object = readObject(request, 'request', 'object');
  if (object === undefined && (operation === 'CREATE' || operation === 'UPDATE')) {
    throw new FieldError(`request.object is missing from a request to ${operation}`);
  }
  return {
    uid,
    kind,
    resource: readResource(request, 'resource') ?? { group: '', version: '', resource: '' },
    subResource: readText(request, 'request', 'subResource'),
    operation,
    namespace: readText(request, 'request', 'namespace'),
    name: readText(request, 'request', 'name'),
    dryRun: readFlag(request, 'request', 'dryRun'),
    userInfo: readUser(readObject(request, 'request', 'userInfo')),
    object,
    oldObject: readObject(request, 'request', 'oldObject'),
    requestKind: readKind(request, 'requestKind'),
    requestResource: readResource(request, 'requestResource'),
    requestSubResource: readText(request, 'request', 'requestSubResource') || undefined,
    options: readObject(request, 'request', 'options'),
  };
}

function readKind(request: JsonObject, key: string): RequestKind | undefined {
  const kind = readObject(request, 'request', key);
  if (kind === undefined) return undefined;
  const path = `request.${key}`;
  return {
    group: readText(kind, path, 'group'),
    version: readText(kind, path, 'version'),
    kind: readText(kind, path, 'kind'),
  };
}

function readResource(request: JsonObject, key: string): RequestResource | undefined {
  const resource = readObject(request, 'request', key);
  if (resource === undefined) return undefined;
  const path = `request.${key}`;
  return {
    group: readText(resource, path, 'group'),
    version: readText(resource, path, 'version'),
    resource: readText(resource, path, 'resource'),
  };
}

function readOperation(value: unknown): Operation {
  if (typeof value !== 'string' || !operations.includes(value)) {
    throw new FieldError(`request.operation must be one of ${operations.join(', ')}`);
  }
  return value as Operation;
}

function readUser(user: JsonObject | undefined): UserInfo {
  const path = 'request.userInfo';
  const groups = user === undefined ? undefined : own(user, 'groups');
  if (groups !== undefined && !isTextList(groups)) throw new FieldError(`${path}.groups must be a list of strings`);
  const extra = user === undefined ? undefined : readObject(user, path, 'extra');
  for (const key in extra) {
    if (extra[key] !== null && !isTextList(extra[key]))
      throw new FieldError(`${path}.extra must be of lists of strings`);
  }
  return {
    username: readText(user, path, 'username'),
    groups: groups ?? [],
    uid: readText(user, path, 'uid') || undefined,
    extra: extra as UserInfo['extra'],
  };
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
