import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request is answered with. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A server of somebody else's on loopback, which keeps whatever it is sent, word for word. */
export interface Eavesdropper {
  readonly host: string;
  readonly url: string;
  /** Each request whole: its line, its headers, its body. */
  readonly heard: string[];
  reply: (request: IncomingMessage) => Reply;
  close(): Promise<void>;
}

export async function eavesdrop(): Promise<Eavesdropper> {
  const heard: string[] = [];
  const server = createServer(async (request, response) => {
    const lines = [`${request.method} ${request.url}`];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
    }
    for await (const chunk of request as AsyncIterable<Buffer>) lines.push(chunk.toString('latin1'));
    heard.push(lines.join('\n'));
    const { status = 200, headers = {}, body = '' } = made.reply(request);
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made: Eavesdropper = {
    host,
    url: `http://${host}`,
    heard,
    reply: () => ({ status: 404 }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return made;
}
