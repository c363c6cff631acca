import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { AdmissionHandler } from '../functions/admission.ts';
import { type EventShape, eventOf } from './event.ts';

/** Lambda's bound on an event; beyond it API Gateway answers 413 and starts no function. */
const largestEvent = 6_291_556;

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
      if (body === undefined) response.writeHead(413, { connection: 'close' }).end();
      else void respond(options, request, body, response);
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

async function respond(
  options: LocalServerOptions,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const event = eventOf(options.shape ?? 'http-api', request, body);
  const result = await invoke(options, event);
  response.writeHead(result.statusCode ?? 200, {
    ...result.headers,
    'content-length': Buffer.byteLength(result.body ?? ''),
  });
  response.end(result.body);
}

function invoke(
  options: LocalServerOptions,
  event: ReturnType<typeof eventOf>,
): Promise<APIGatewayProxyStructuredResultV2> {
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
