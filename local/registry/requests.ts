import type { IncomingHttpHeaders } from 'node:http';

export type RequestKind =
  | 'ping'
  | 'manifest'
  | 'blob'
  | 'upload'
  | 'tags'
  | 'referrers'
  /** The token endpoint of bearer authentication. */
  | 'token'
  | 'other';

/** One request as it arrived. No secret is kept: of `Authorization` only the scheme, and the user of Basic. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  /** The Host header: tells which listener, and by which name, was asked. */
  readonly host: string;
  readonly kind: RequestKind;
  /** The repository, without host. */
  readonly name?: string;
  /** A tag, a digest, or an upload's session, as the path has it (percent-decoded). */
  readonly reference?: string;
  /** All headers but Authorization. */
  readonly headers: IncomingHttpHeaders;
  readonly authorization?: string;
  readonly user?: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly at: number;
  /** The status answered; absent while the request is unanswered, and when it was left hanging or reset. */
  status?: number;
  /** Bytes of the answer, header and body, that were given to the connection; set once the answer or the connection ended. */
  sent?: number;
}

/** Every field given must match; a string is compared whole, a pattern is searched for. */
export interface RequestFilter {
  method?: string;
  kind?: RequestKind;
  name?: string | RegExp;
  reference?: string | RegExp;
  path?: string | RegExp;
}

const routes: readonly [RegExp, RequestKind][] = [
  [/^\/v2\/?$/, 'ping'],
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, 'manifest'],
  [/^\/v2\/(.+)\/blobs\/uploads\/?([^/]*)$/, 'upload'],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, 'blob'],
  [/^\/v2\/(.+)\/tags\/list$/, 'tags'],
  [/^\/v2\/(.+)\/referrers\/([^/]+)$/, 'referrers'],
  [/^\/token$/, 'token'],
];

export interface Route {
  kind: RequestKind;
  name?: string;
  reference?: string;
}

/** Which end-point of the OCI distribution-spec a path (without query) names. */
export function route(path: string): Route {
  const decoded = decode(path);
  for (const [pattern, kind] of routes) {
    const found = pattern.exec(decoded);
    if (found === null) continue;
    const [, name, reference] = found;
    return { kind, ...(name === undefined ? {} : { name }), ...(reference ? { reference } : {}) };
  }
  return { kind: 'other' };
}

export function matches(request: SeenRequest, filter: RequestFilter): boolean {
  return (
    (filter.method === undefined || filter.method === request.method) &&
    (filter.kind === undefined || filter.kind === request.kind) &&
    matchesText(request.name, filter.name) &&
    matchesText(request.reference, filter.reference) &&
    matchesText(request.path, filter.path)
  );
}

/** The log's entry for a request. */
export function seen(method: string, path: string, headers: IncomingHttpHeaders): SeenRequest {
  const { authorization, ...others } = headers;
  return {
    method,
    path,
    host: headers.host ?? '',
    ...route(path.split('?', 1)[0] ?? ''),
    headers: others,
    ...(authorization === undefined ? {} : sender(authorization)),
    at: performance.now(),
  };
}

/** User and password of a Basic `Authorization` (RFC 7617): the password may hold colons. */
export function basicCredentials(authorization: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^basic +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function sender(authorization: string): { authorization: string; user?: string } {
  const scheme = authorization.split(' ', 1)[0] ?? '';
  const user = basicCredentials(authorization)?.user;
  return { authorization: scheme, ...(user === undefined ? {} : { user }) };
}

function matchesText(text: string | undefined, wanted: string | RegExp | undefined): boolean {
  if (wanted === undefined) return true;
  if (text === undefined) return false;
  return typeof wanted === 'string' ? wanted === text : text.search(wanted) >= 0;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
