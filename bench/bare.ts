import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * What the webhook is measured beside: a Node HTTPS handler that parses the same review and answers with the same patch,
 * and does nothing else. Arguments: certificate, key, a file with the answer to give.
 */
const [cert = '', key = '', answer = ''] = process.argv.slice(2);
const { response } = JSON.parse(readFileSync(answer, 'utf8')) as { response: Record<string, unknown> };

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, reply) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: { uid: string } };
    const body = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { ...response, uid: review.request.uid },
    });
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    reply.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});
