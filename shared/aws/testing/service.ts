import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * jest runs tests in a realm of their own, in which Node's errors are no `instanceof Error`, and the SDK hides errors that are none.
 * Here it takes every error for one; other classes are left as they are.
 */
const ordinary = Function.prototype[Symbol.hasInstance];
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, thrown: unknown) {
    return this === Error ? Error.isError(thrown) : ordinary.call(this, thrown);
  },
});

/** A call in the AWS JSON protocol. */
export interface ServiceCall {
  /** Without the service and its version: `GetSecretValue`. */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** `undefined`: no answer at all, the connection stays open; `break`: it is cut. */
export type ServiceAnswer = { readonly status: number; readonly body: unknown } | 'break' | undefined;

export interface Service {
  readonly endpoint: string;
  readonly calls: ServiceCall[];
  /** What answers from now on. */
  answerWith(answer: (call: ServiceCall, raw: RawCall) => ServiceAnswer | Promise<ServiceAnswer>): void;
  close(): Promise<void>;
}

export interface RawCall {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export const fakeCredentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' };

/** An AWS service on loopback. */
export async function startService(): Promise<Service> {
  let answer: Parameters<Service['answerWith']>[0] = () => ({ status: 500, body: {} });
  const calls: ServiceCall[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const call = { operation, input: JSON.parse(body.toString()) };
    calls.push(call);
    const given = await answer(call, { headers: request.headers, body });
    if (given === 'break') request.socket.destroy();
    else if (given !== undefined) {
      response
        .writeHead(given.status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify(given.body));
    }
  });
  return {
    endpoint: await listen(server),
    calls,
    answerWith(next) {
      answer = next;
    },
    close: () => closeServer(server),
  };
}

export function failed(type: string, status = 400): ServiceAnswer {
  return { status, body: { __type: type, message: `${type} of the test` } };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Metrics that are kept, each as `name label=value ...`. */
export function keptMetrics() {
  const counted: string[] = [];
  return {
    counted,
    count(name: string, labels: Readonly<Record<string, string>> = {}) {
      counted.push([name, ...Object.entries(labels).map(([label, value]) => `${label}=${value}`)].join(' '));
    },
  };
}
