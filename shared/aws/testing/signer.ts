import { createServer } from 'node:http';
import { closeServer, listen, type ServiceAnswer } from './service.ts';

export interface TestSignerService {
  readonly endpoint: string;
  /** The queries that were asked with, by name. */
  readonly asked: Readonly<Record<string, readonly string[]>>[];
  /** What is answered from now on: what is revoked, or what fails. */
  answerWith(answer: readonly string[] | ServiceAnswer): void;
  close(): Promise<void>;
}

/** AWS Signer's `GetRevocationStatus` on loopback: GET /revocations, in the AWS REST protocol. */
export async function startSigner(): Promise<TestSignerService> {
  let answer: readonly string[] | ServiceAnswer = [];
  const asked: Record<string, readonly string[]>[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://signer.test');
    asked.push(Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name)])));
    if (answer === undefined) return;
    if (answer === 'break' || request.method !== 'GET' || url.pathname !== '/revocations') {
      request.socket.destroy();
      return;
    }
    const { status, body } = 'status' in answer ? answer : { status: 200, body: { revokedEntities: answer } };
    const type = typeof body === 'object' && body !== null && '__type' in body ? String(body.__type) : undefined;
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(type === undefined ? {} : { 'x-amzn-errortype': type }),
    });
    response.end(JSON.stringify(body));
  });
  return {
    endpoint: await listen(server),
    asked,
    answerWith(next) {
      answer = next;
    },
    close: () => closeServer(server),
  };
}
