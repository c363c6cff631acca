import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { HttpEvent } from '../functions/http/event.ts';
import type { AdmissionHandler } from '../functions/http/handler.ts';
import type { Metrics } from '../shared/net/metrics.ts';
import { type EventShape, eventOf } from './event.ts';

/**
 * Lambda's bound on an event in bytes; beyond it API Gateway answers 413 and starts no function. The event is JSON with the
 * body as a string in it: every quote and backslash of the review counts twice.
 */
const largestEvent = 6_291_556;
/** JSON writes a byte of the body as six at most, and what else an event holds comes from headers, which Node bounds. */
const surelyFits = (largestEvent - 256 * 1024) / 6;

export interface LocalServerOptions {
  readonly handler: AdmissionHandler;
  /** `host:port`; port 0 takes a free one. */
  readonly address: { readonly host: string; readonly port: number };
  /** PEM; without it the server speaks plain HTTP. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Which event shape of API Gateway the handler is given. */
  readonly shape?: EventShape;
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
    readBody(request, largestEvent, (body) => {
      const event = body === undefined ? undefined : eventOf(options.shape ?? 'http-api', request, body);
      if (event !== undefined && fits(event)) void respond(options, event, response);
      else {
        options.metrics?.count('event-too-large');
        response.writeHead(413, { connection: 'close' }).end();
      }
    });
  };
  const server =
    options.tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ cert: options.tls.certPem, key: options.tls.keyPem }, listener);
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

function fits(event: HttpEvent): boolean {
  return (event.body ?? '').length <= surelyFits || Buffer.byteLength(JSON.stringify(event)) <= largestEvent;
}

async function respond(options: LocalServerOptions, event: HttpEvent, response: ServerResponse): Promise<void> {
  const result = await invoke(options, event);
  response.writeHead(result.statusCode ?? 200, {
    ...result.headers,
    'content-length': Buffer.byteLength(result.body ?? ''),
  });
  response.end(result.body);
}

function invoke(options: LocalServerOptions, event: HttpEvent): Promise<APIGatewayProxyStructuredResultV2> {
  const end = Date.now() + (options.functionTimeout ?? 31_000);
  const context = { getRemainingTimeInMillis: () => end - Date.now() } as Context;
  // A handler that throws is a crashed function: API Gateway answers 500 with nothing to read.
  return options.handler(event, context).catch(() => ({ statusCode: 500, body: '' }));
}

/** Hands over the body as text, or undefined where it is over `limit` bytes. */
function readBody(request: IncomingMessage, limit: number, done: (body: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) {
      request.pause();
      request.removeAllListeners('data');
      done(undefined);
    } else chunks.push(chunk);
  });
  request.on('end', () => {
    const [only] = chunks;
    if (size <= limit)
      done(chunks.length === 1 && only !== undefined ? only.toString('utf8') : Buffer.concat(chunks).toString('utf8'));
  });
  request.on('error', () => undefined);
}
