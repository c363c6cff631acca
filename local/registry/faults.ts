import type { ServerResponse } from 'node:http';
import { matches, type RequestFilter, type SeenRequest } from './requests.ts';
import type { RegistryResponse } from './response.ts';
import { digestOf, mediaTypes } from './store.ts';

/** What a registry does instead of what it should. */
export type Fault =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string | Uint8Array }
  /** Like `status`, with 200 when no status is given. */
  | { kind: 'body'; body: string | Uint8Array; status?: number; headers?: Record<string, string> }
  /** `self`: to the request's own path, a loop. 307 by default. */
  | { kind: 'redirect'; to: string; status?: 301 | 302 | 303 | 307 | 308 }
  /**
   * The right answer with its full Content-Length, and the connection closed after `bytes` of the body (half of it by
   * default).
   */
  | { kind: 'cut-short'; bytes?: number }
  /** The right answer with one byte of its body changed, under the headers that it had. */
  | { kind: 'wrong-bytes' }
  /** The right bytes under the Docker-Content-Digest of others. */
  | { kind: 'wrong-digest-header' }
  /**
   * A body of `prefix` and then spaces, until the client goes, or up to `bytes`. Chunked, or after a Content-Length
   * that need not be true.
   */
  | { kind: 'endless'; bytes?: number; prefix?: string; contentType?: string; contentLength?: number }
  /** The right answer, so many milliseconds late. */
  | { kind: 'delay'; ms: number }
  /** No answer, as long as the client waits. */
  | { kind: 'hang' }
  /** The connection is reset (RST on plain HTTP). */
  | { kind: 'reset' };

export type Intercept = (request: SeenRequest) => Fault | undefined | Promise<Fault | undefined>;

/** The fault for the requests that match, and the right answer for all others. */
export function on(filter: RequestFilter, fault: Fault | Intercept): Intercept {
  return (request) => {
    if (!matches(request, filter)) return undefined;
    return typeof fault === 'function' ? fault(request) : fault;
  };
}

/** The fault for the first `count` requests. Inside `on`, of those that match. */
export function times(count: number, fault: Fault | Intercept): Intercept {
  let left = count;
  return (request) => {
    if (left === 0) return undefined;
    left -= 1;
    return typeof fault === 'function' ? fault(request) : fault;
  };
}

/** The first that has a fault decides. */
export function anyOf(...intercepts: readonly Intercept[]): Intercept {
  return async (request) => {
    for (const intercept of intercepts) {
      const fault = await intercept(request);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** A page of one referrer, which does not exist, with a link to a next page that was never seen: a list without end. */
export const endlessReferrers: Intercept = (request) => {
  if (request.kind !== 'referrers') return undefined;
  const [path = '', query] = request.path.split('?', 2);
  const page = Number(new URLSearchParams(query).get('page') ?? 0);
  const digest = digestOf(Buffer.from(`referrer ${page}`));
  return {
    kind: 'body',
    headers: { 'content-type': mediaTypes.index, link: `<${path}?page=${page + 1}>; rel="next"` },
    body: JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ mediaType: mediaTypes.manifest, size: 2, digest }],
    }),
  };
};

/**
 * The answer that a fault makes of the right one; undefined when it is not an answer but something done to the
 * connection.
 */
export function alter(fault: Fault, request: SeenRequest, right: () => RegistryResponse): RegistryResponse | undefined {
  switch (fault.kind) {
    case 'status':
    case 'body':
      return { status: fault.status ?? 200, headers: fault.headers ?? {}, body: Buffer.from(fault.body ?? '') };
    case 'redirect':
      return {
        status: fault.status ?? 307,
        headers: { location: fault.to === 'self' ? request.path : fault.to },
        body: Buffer.alloc(0),
      };
    case 'wrong-bytes': {
      const response = right();
      const body = Buffer.from(response.body);
      const middle = body.length >> 1;
      body[middle] = (body[middle] ?? 0) ^ 1;
      return { ...response, body };
    }
    case 'wrong-digest-header': {
      const response = right();
      const other = digestOf(Buffer.from('something else'));
      return { ...response, headers: { ...response.headers, 'docker-content-digest': other } };
    }
    case 'delay':
      return right();
    case 'cut-short':
    case 'endless':
    case 'hang':
    case 'reset':
      return undefined;
  }
}

/** What a fault does to the connection; for those of which `alter` makes no answer. */
export function misbehave(fault: Fault, response: ServerResponse, right: () => RegistryResponse): void {
  const { socket } = response;
  if (fault.kind === 'reset') {
    // A TLS socket has no RST of its own to send.
    if (socket !== null && 'encrypted' in socket) socket.destroy();
    else socket?.resetAndDestroy();
  } else if (fault.kind === 'cut-short') {
    const { status, headers, body } = right();
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.write(body.subarray(0, fault.bytes ?? body.length >> 1), () => socket?.destroy());
    response.flushHeaders();
    if (body.length === 0) socket?.destroy();
  } else if (fault.kind === 'endless') {
    pour(fault, response);
  }
}

function pour(fault: Extract<Fault, { kind: 'endless' }>, response: ServerResponse): void {
  const spaces = Buffer.alloc(64 * 1024, ' ');
  let left = fault.bytes ?? Number.POSITIVE_INFINITY;
  response.writeHead(200, {
    'content-type': fault.contentType ?? mediaTypes.manifest,
    ...(fault.contentLength === undefined ? {} : { 'content-length': fault.contentLength }),
  });
  const prefix = Buffer.from(fault.prefix ?? '');
  left -= prefix.length;
  response.write(prefix);
  function more(): void {
    while (left > 0) {
      const chunk = left < spaces.length ? spaces.subarray(0, left) : spaces;
      left -= chunk.length;
      if (!response.write(chunk)) return;
    }
    response.end();
  }
  response.on('drain', more);
  response.on('close', () => response.removeListener('drain', more));
  more();
}
