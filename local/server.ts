import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { HttpEvent } from '../functions/http/event.ts';
import type { AdmissionHandler } from '../functions/http/handler.ts';
import { parseWebhookPath } from '../shared/admission/path.ts';
import { refuseReview } from '../shared/answer/response.ts';
import { monotonic } from '../shared/net/deadline.ts';
import type { Metrics } from '../shared/net/metrics.ts';
import { Refusal } from '../shared/reasons.ts';
import { createBodies, isLarge, type Used } from './bodies.ts';
import { type EventShape, eventOf } from './event.ts';

/**
 * Lambda's bound on an event in bytes; beyond it API Gateway answers 413 and starts no function. The event is JSON with the
 * body as a string in it: every quote and backslash of the review counts twice.
 */
const largestEvent = 6_291_556;
/** JSON writes a byte of the body as six at most, and what else an event holds comes from headers, which Node bounds. */
const surelyFits = (largestEvent - 256 * 1024) / 6;
/** Milliseconds for a whole request to arrive: an API server waits for no answer longer. */
const slowest = 30_000;
/** Milliseconds for a handshake, and for headers, which come at once: whoever only connects does not keep others out for long. */
const slowestStart = 10_000;
/**
 * Milliseconds for which a connection is kept that nobody uses. An API server keeps its own for 90 s, and does not send a call again that
 * it sent on one which was being closed: so it has to be the one that closes.
 */
const longestIdle = 180_000;
/** Each has a descriptor, buffers and the state of TLS; an API server needs one for each call that it is waiting for. */
const mostConnections = 1000;

export interface LocalServerOptions {
  readonly handler: AdmissionHandler;
  /** `host:port`; port 0 takes a free one. */
  readonly address: { readonly host: string; readonly port: number };
  /** PEM; without it the server speaks plain HTTP. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Answers as API Gateway does in front of a function: events of this shape, and none over Lambda's bound. */
  readonly shape?: EventShape;
  /** Whether a call by this path, without its query, is let in: the body of another is not read. Absent: everyone is. */
  readonly letsIn?: (path: string) => boolean;
  /** Milliseconds for a whole request to arrive, 30,000 by default. */
  readonly slowest?: number;
  /** Connections at once, 1000 by default; those beyond are closed. */
  readonly connections?: number;
  /** The function's own timeout in milliseconds. */
  readonly functionTimeout?: number;
  /** Where `event-too-large` is counted, which the handler never sees. */
  readonly metrics?: Metrics;
}

export interface LocalServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Serves the admission handler on this machine: a request becomes API Gateway's event, the result a response. */
export async function startServer(options: LocalServerOptions): Promise<LocalServer> {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET' && request.url === '/healthz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
      return;
    }
    void serve(request, response);
  };
  const bodies = createBodies();
  const gateway = options.shape;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const letIn = options.letsIn?.(path) ?? true;
    // Whoever is not let in is told so by the handler, which needs no body for that.
    const used = letIn ? await bodies.read(request, (text) => begin(request, text)) : { result: begin(request, '') };
    if ('problem' in used) {
      const answer = gateway === undefined ? denial(path, used) : undefined;
      if (answer === undefined) return refuse(response, used.problem);
      options.metrics?.count(used.reason === 'too-many-reviews' ? used.reason : 'event-too-large');
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    }
    const { result } = used;
    if (result === undefined) return refuse(response, '');
    const { statusCode = 200, headers, body = '' } = await result;
    // What comes of a small body that was not read is thrown away, and the connection goes on: to end it could lose the answer.
    if (!request.complete && (letIn || isLarge(request))) response.setHeader('connection', 'close');
    const length = Buffer.byteLength(body);
    response.writeHead(statusCode, { ...headers, 'content-length': length });
    // Text of one byte a character is the same in both encodings, and Node writes this one faster.
    response.end(body, length === body.length ? 'latin1' : 'utf8');
  }

  /** Calls the handler; `undefined` for what would start no function. Nothing keeps the text when it has returned. */
  function begin(request: IncomingMessage, text: string): Promise<APIGatewayProxyStructuredResultV2> | undefined {
    const event = eventOf(gateway ?? 'http-api', request, text);
    return gateway === undefined || fits(event) ? invoke(options, event) : undefined;
  }

  function refuse(response: ServerResponse, problem: string): void {
    options.metrics?.count('event-too-large');
    response.writeHead(413, { connection: 'close' }).end(problem);
  }

  const requestTimeout = options.slowest ?? slowest;
  const handshakeTimeout = Math.min(requestTimeout, slowestStart);
  const limits = {
    requestTimeout,
    headersTimeout: handshakeTimeout,
    connectionsCheckingInterval: requestTimeout / 10,
    keepAliveTimeout: longestIdle,
  };
  const server =
    options.tls === undefined
      ? createHttpServer(limits, listener)
      : createHttpsServer(
          { ...limits, handshakeTimeout, cert: options.tls.certPem, key: options.tls.keyPem },
          listener,
        );
  server.maxConnections = options.connections ?? mostConnections;
  const { host, port } = options.address;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const taken = (server.address() as AddressInfo).port;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${shown}:${taken}`,
    port: taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Unused = Exclude<Used<unknown>, { readonly result: unknown }>;

/** The answer to a review that nobody can read: no object that is stored comes to as much. `undefined`: there is no such webhook, or no uid. */
function denial(path: string, { problem, reason, uid }: Unused): string | undefined {
  const webhook = parseWebhookPath(path);
  if (webhook === undefined || uid === undefined) return undefined;
  return JSON.stringify(refuseReview(uid, new Refusal(reason, problem), webhook.scope.kind));
}

function fits(event: HttpEvent): boolean {
  return (event.body ?? '').length <= surelyFits || Buffer.byteLength(JSON.stringify(event)) <= largestEvent;
}

function invoke(options: LocalServerOptions, event: HttpEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const end = monotonic() + (options.functionTimeout ?? 31_000);
  const context = { getRemainingTimeInMillis: () => end - monotonic() } as Context;
  // A handler that throws is a crashed function: API Gateway answers 500 with nothing to read.
  return options.handler(event, context).catch(() => ({ statusCode: 500, body: '' }));
}
