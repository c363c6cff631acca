import { type IncomingHttpHeaders, request } from 'node:http';

export interface WireResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * One plain request to a registry of these tests, without redirects: independent of the project's own client, which is what is
 * under test. Rejects when there is no answer within 10 s.
 */
export function send(
  method: string,
  url: string | URL,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      headers: body === undefined ? headers : { 'content-length': String(body.length), ...headers },
      signal: AbortSignal.timeout(10_000),
      agent: false,
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
      );
    });
    outgoing.end(body);
  });
}

/** Like `send`, for an answer that must have one status. Throws with the registry's words otherwise. */
export async function expectStatus(
  status: number,
  method: string,
  url: string | URL,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<WireResponse> {
  const answer = await send(method, url, headers, body);
  if (answer.status !== status) {
    throw new Error(
      `${method} ${url}: ${answer.status} instead of ${status}\n${answer.body.toString('utf8', 0, 1000)}`,
    );
  }
  return answer;
}
