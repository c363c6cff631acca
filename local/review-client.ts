import { request } from 'node:https';

/** Sends a review over HTTPS as an API server would; what comes back is the answer's text. `ca`: PEM of whom to trust. */
export function sendReview(url: string, review: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', ca, headers: { 'content-type': 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    call.once('error', reject);
    call.end(review);
  });
}
