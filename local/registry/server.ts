import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import { type Auth, Authenticator } from './auth.ts';
import { type Behaviour, respond } from './endpoints.ts';
import { alter, type Fault, type Intercept, misbehave } from './faults.ts';
import { matches, type RequestFilter, type SeenRequest, seen } from './requests.ts';
import { failure, type RegistryResponse } from './response.ts';
import { createRounds, type Rounds } from './rounds.ts';
import { ImageStore } from './store.ts';
import { Uploads } from './uploads.ts';

export type { Auth, BasicAuth, BearerAuth } from './auth.ts';
export { anyOf, endlessReferrers, type Fault, type Intercept, on, times } from './faults.ts';
export type { RequestFilter, RequestKind, SeenRequest } from './requests.ts';
export { createRounds, type Rounds } from './rounds.ts';
export { digestOf, ImageStore, mediaTypes, type StoredManifest } from './store.ts';

export interface Settings extends Behaviour {
  auth: Auth | undefined;
  intercept: Intercept | undefined;
}

export interface RegistryOptions extends Partial<Settings> {
  /** HTTPS with this key and certificate, PEM; plain HTTP without. */
  tls?: { keyPem: string; certPem: string };
  /** 0, the default: the system picks one. */
  port?: number;
  /** Shared by registries whose requests are counted together. */
  rounds?: Rounds;
  /** For the life of bearer tokens. */
  now?: () => Date;
}

/** An OCI registry in this process, on 127.0.0.1 and nowhere else. */
export interface LocalRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`; `localhost:PORT` is the same. */
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  /** Where tokens of bearer authentication are issued. */
  readonly tokenUrl: string;
  readonly store: ImageStore;
  /** May be changed while the registry runs. */
  readonly settings: Settings;
  /** Every request in the order of arrival, those for tokens included. `requests.length = 0` forgets them. */
  readonly requests: SeenRequest[];
  readonly rounds: Rounds;
  /** How many requests match; all without a filter. */
  count(filter?: RequestFilter): number;
  /** A bearer token without asking for one: scopes such as `repository:demo/app:pull`. */
  issueToken(scopes: readonly string[], lifetimeSeconds?: number): string;
  /** Stops listening and ends every connection, those that hang too. */
  close(): Promise<void>;
}

/** Requests in the log; the older half goes when it is full. */
const maxLog = 20_000;
/** Bytes of a request's body. */
const maxBody = 64 * 1024 * 1024;

/** Starts a registry. Rejects with the system's error (`EADDRINUSE`, ...) when the port cannot be had. */
export async function startRegistry(options: RegistryOptions = {}): Promise<LocalRegistry> {
  const settings: Settings = {
    referrers: options.referrers ?? 'on',
    referrerDescriptors: options.referrerDescriptors ?? 'full',
    pageSize: options.pageSize,
    auth: options.auth,
    intercept: options.intercept,
  };
  const store = new ImageStore();
  const uploads = new Uploads(store);
  const authenticator = new Authenticator(options.now ?? (() => new Date()));
  const rounds = options.rounds ?? createRounds();
  const requests: SeenRequest[] = [];
  const ownTokens = options.auth?.scheme !== 'bearer' || options.auth.tokenOrigin !== 'second';
  const scheme = options.tls === undefined ? 'http' : 'https';

  function answerRegistry(request: SeenRequest, authorization: string | undefined, body: Buffer): RegistryResponse {
    if (request.kind === 'token' && ownTokens) return answerToken(request, authorization, body);
    // By the name that the client used: Go's clients refuse a realm on loopback that is not the very host they asked.
    const realm = ownTokens ? `${scheme}://${request.host || host}/token` : tokenUrl;
    const challenge = authenticator.challenge(settings.auth, request, authorization, realm);
    if (challenge !== undefined) return challenge;
    return request.kind === 'upload' ? uploads.answer(request, body) : respond(store, settings, request, body);
  }

  function answerToken(request: SeenRequest, authorization: string | undefined, body: Buffer): RegistryResponse {
    if (request.kind !== 'token') return failure(404, 'UNSUPPORTED', 'tokens are issued here, and nothing else');
    return authenticator.token(settings.auth, request, authorization, body);
  }

  function listener(answer: typeof answerRegistry): RequestListener {
    return async (incoming, response) => {
      response.on('error', () => {});
      const request = seen(incoming.method ?? '', incoming.url ?? '', incoming.headers);
      if (requests.length >= maxLog) requests.splice(0, maxLog / 2);
      requests.push(request);
      const { socket } = incoming;
      const before = socket.bytesWritten;
      response.on('close', () => {
        request.sent = socket.bytesWritten - before;
      });
      // The body is read before the request is parked: a client that has not sent all of it has not finished asking.
      const body = await readBody(incoming);
      if (body === undefined)
        return send(response, request, failure(413, 'SIZE_INVALID', 'the body is too large', { connection: 'close' }));
      await rounds.enter(request);
      const right = () => answer(request, incoming.headers.authorization, body);
      try {
        const fault = await settings.intercept?.(request);
        if (fault === undefined) send(response, request, right());
        else await respondWrongly(fault, request, response, right);
      } catch (error) {
        // A test's own intercept failed; its words belong in the answer, not in a crash of the process.
        if (!response.headersSent) send(response, request, failure(500, 'UNKNOWN', String(error)));
      }
    };
  }

  const server = await listen(listener(answerRegistry), options.port ?? 0, options.tls);
  const tokenServer = ownTokens ? server : await listen(listener(answerToken), 0, options.tls);
  const host = `127.0.0.1:${portOf(server)}`;
  const tokenUrl = `${scheme}://127.0.0.1:${portOf(tokenServer)}/token`;

  async function close(): Promise<void> {
    await Promise.all([...new Set([server, tokenServer])].map(shut));
  }

  return {
    host,
    port: portOf(server),
    url: `${scheme}://${host}`,
    tokenUrl,
    store,
    settings,
    requests,
    rounds,
    count: (filter = {}) => requests.filter((request) => matches(request, filter)).length,
    issueToken: (scopes, lifetimeSeconds) => authenticator.issue(scopes, lifetimeSeconds),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function respondWrongly(
  fault: Fault,
  request: SeenRequest,
  response: ServerResponse,
  right: () => RegistryResponse,
): Promise<void> {
  // Unreferenced: a delay never keeps a process alive that has closed its registry.
  if (fault.kind === 'delay') await wait(fault.ms, undefined, { ref: false });
  const wrong = alter(fault, request, right);
  if (wrong === undefined) misbehave(fault, response, right);
  else send(response, request, wrong);
}

function send(response: ServerResponse, request: SeenRequest, { status, headers, body }: RegistryResponse): void {
  request.status = status;
  response.writeHead(status, status === 204 ? headers : { 'content-length': body.length, ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The whole body; undefined when it is over the bound. A client that goes away leaves what it has sent. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBody) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // Aborted: there is nobody left to answer.
  }
  return Buffer.concat(chunks);
}

async function listen(handle: RequestListener, port: number, tls: RegistryOptions['tls']): Promise<Server> {
  const server =
    tls === undefined ? createServer(handle) : createTlsServer({ key: tls.keyPem, cert: tls.certPem }, handle);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
