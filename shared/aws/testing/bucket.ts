import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { type Objects, s3Objects } from '../objects.ts';
import { s3Client } from '../s3-client.ts';
import { closeServer, fakeCredentials, listen } from './service.ts';

/** Amazon S3 on loopback, with one bucket. */
export interface TestBucket extends AsyncDisposable {
  readonly objects: Objects;
  readonly endpoint: string;
  /** By key. */
  readonly stored: Map<string, { readonly bytes: Buffer; readonly writtenAt: number }>;
  /** As `GET trust/x 304`. */
  readonly calls: string[];
  /** What every call is answered; `undefined`: as it should be; `never`: not at all. */
  failure: { readonly status: number; readonly code: string } | 'never' | undefined;
}

export const bucketName = 'countersign-bucket';

export async function startBucket(): Promise<TestBucket> {
  const stored: TestBucket['stored'] = new Map();
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const key = decodeURIComponent(
      URL.parse(request.url ?? '', 'http://s3')?.pathname.slice(bucketName.length + 2) ?? '',
    );
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = (status: number, headers: Record<string, string> = {}, body: string | Buffer = '') => {
      calls.push(`${request.method} ${key} ${status}`);
      const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(body) };
      response.writeHead(status, { ...headers, ...length }).end(body);
    };
    const fail = (status: number, code: string) =>
      answer(status, { 'content-type': 'application/xml' }, `<Error><Code>${code}</Code><Message>no</Message></Error>`);
    const { failure } = bucket;
    const found = stored.get(key);
    if (failure === 'never') return;
    if (failure !== undefined) fail(failure.status, failure.code);
    else if (request.method === 'PUT') {
      stored.set(key, { bytes: Buffer.concat(chunks), writtenAt: Date.now() });
      answer(200);
    } else if (found === undefined) fail(404, 'NoSuchKey');
    else {
      const etag = `"${createHash('md5').update(found.bytes).digest('hex')}"`;
      const headers = { etag, 'last-modified': new Date(found.writtenAt).toUTCString() };
      if (request.headers['if-none-match'] === etag) answer(304, headers);
      else answer(200, headers, found.bytes);
    }
  });
  const endpoint = await listen(server);
  const client = s3Client({ region: 'eu-west-1', endpoint, credentials: fakeCredentials });
  const bucket: TestBucket = {
    objects: s3Objects({ client, bucket: bucketName }),
    endpoint,
    stored,
    calls,
    failure: undefined,
    async [Symbol.asyncDispose]() {
      (await client()).destroy();
      await closeServer(server);
    },
  };
  return bucket;
}
