import type { S3Client } from '@aws-sdk/client-s3';
import { type ClientOptions, requestHandler } from './clients.ts';

/** S3's client is loaded when an object is first read or written. */
export function s3Client(options: ClientOptions): () => Promise<S3Client> {
  let client: Promise<S3Client> | undefined;

  async function create(): Promise<S3Client> {
    const { S3Client: Client } = await import('@aws-sdk/client-s3');
    // A name of its own for each bucket is no host that a test has.
    const forcePathStyle = options.endpoint !== undefined;
    return new Client({ ...options, forcePathStyle, maxAttempts: 2, requestHandler: requestHandler(1000) });
  }

  return () => {
    client ??= create();
    return client;
  };
}
