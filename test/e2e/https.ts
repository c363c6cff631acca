import { request } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** Asks a server on this machine: POST with a body, else GET. Whom to trust (PEM), or nobody's certificate is looked at. */
export function ask(url: string, { body, ca }: { body?: string; ca?: string } = {}): Promise<Reply> {
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: body === undefined ? 'GET' : 'POST', ...trust }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    call.once('error', reject);
    call.end(body);
  });
}
