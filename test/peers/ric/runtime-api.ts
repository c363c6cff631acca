import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Lambda's Runtime API for one function, as its Runtime Interface Client asks it. */
export interface RuntimeApi {
  /** `host:port`, the client's AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves when the function has started and asks for its first event; rejects with what it reports instead. */
  readonly started: Promise<void>;
  /** Hands out an event; resolves with what the function answers. */
  invoke(event: unknown): Promise<unknown>;
  close(): Promise<void>;
}

const functionMs = 29_000;

export async function startRuntimeApi(): Promise<RuntimeApi> {
  const { promise: started, resolve: start, reject: fail } = Promise.withResolvers<void>();
  started.catch(() => undefined);
  const events: string[] = [];
  const answers: PromiseWithResolvers<unknown>[] = [];
  let waiting: ServerResponse | undefined;

  function handOut(): void {
    if (waiting === undefined || events.length === 0) return;
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': `request-${answers.length}`,
      'lambda-runtime-deadline-ms': String(Date.now() + functionMs),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:123456789012:function:admission:live',
    };
    waiting.writeHead(200, headers).end(events.shift());
    waiting = undefined;
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const path = request.url ?? '';
    if (path.endsWith('/invocation/next')) {
      start();
      waiting = response;
      handOut();
      return;
    }
    const text = Buffer.concat(chunks).toString();
    response.writeHead(202).end();
    if (path.endsWith('/response')) answers.at(-1)?.resolve(JSON.parse(text));
    else if (path.endsWith('/init/error')) fail(new Error(text));
    else answers.at(-1)?.reject(new Error(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    started,
    invoke(event) {
      const answer = Promise.withResolvers<unknown>();
      answers.push(answer);
      events.push(JSON.stringify(event));
      handOut();
      return answer.promise;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
