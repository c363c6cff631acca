import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export interface TestServer {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** `http://127.0.0.1:<port>` or https. */
  readonly url: string;
  /** What was asked: method, path with query, and headers, in order of arrival. */
  readonly requests: { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** Calls back for every connection from now on. */
  connections(opened: (socket: Socket) => void): void;
  close(): Promise<void>;
}

/** A server on loopback, on a port that the system chooses. `tls` has PEM; with it the server speaks https only. */
export async function startServer(
  handler: RequestListener,
  tls?: { readonly key: string; readonly cert: string },
): Promise<TestServer> {
  const requests: TestServer['requests'][number][] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    requests.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers });
    handler(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  // Who closes a connection that nobody uses is the client.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `127.0.0.1:${port}`;
  return {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    requests,
    connections: (opened) => server.on('connection', opened),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with a body that never ends and never stalls, byte by byte, until the client hangs up. */
export function trickle(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-length': 60_000 });
  const drip = () => response.write('x');
  drip();
  const dripping = setInterval(drip, 20);
  response.on('close', () => clearInterval(dripping));
}
