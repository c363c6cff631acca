import type { S3Client } from '@aws-sdk/client-s3';
import { type AwsFailure, awsFailure, statusOf } from './failure.ts';

/** Why an object could not be read or written. The message names it. `missing` may be told as `denied`: who may not list is not told. */
export class ObjectError extends Error {
  override readonly name = 'ObjectError';
  readonly problem: AwsFailure | 'too-large';

  constructor(problem: ObjectError['problem'], message: string) {
    super(message);
    this.problem = problem;
  }
}

export interface StoredObject {
  readonly bytes: Buffer;
  /** Another one, where the bytes are others. */
  readonly etag: string | undefined;
  /** When it was written, in milliseconds since 1970. */
  readonly writtenAt: number | undefined;
}

/** The objects of one bucket. */
export interface Objects {
  /** `unchanged`: it is still the one with this etag. Rejects with ObjectError. */
  read(key: string, options: ReadOptions): Promise<StoredObject | 'unchanged'>;
  /** Rejects with ObjectError. */
  write(key: string, bytes: Uint8Array, options: Pick<ReadOptions, 'signal'>): Promise<void>;
}

export interface ReadOptions {
  readonly etag?: string | undefined;
  /** In bytes. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

export interface ObjectsOptions {
  /** The client may be made, and its code loaded, when it is first asked for. */
  client(): Promise<Pick<S3Client, 'send'>>;
  readonly bucket: string;
}

/** Amazon S3. */
export function s3Objects({ client, bucket }: ObjectsOptions): Objects {
  const parts = () => Promise.all([import('@aws-sdk/client-s3'), client()]);
  return {
    async read(key, { etag, limit, signal }) {
      try {
        const [{ GetObjectCommand }, s3] = await parts();
        const asked = { Bucket: bucket, Key: key, ...(etag === undefined ? {} : { IfNoneMatch: etag }) };
        const { Body, ContentLength, ETag, LastModified } = await s3.send(new GetObjectCommand(asked), {
          abortSignal: signal,
        });
        if (Body === undefined || ContentLength === undefined || ContentLength > limit) {
          throw new ObjectError('too-large', `${titleOf(bucket, key)} has over ${limit} bytes`);
        }
        const bytes = Buffer.from(await Body.transformToByteArray());
        return { bytes, etag: ETag, writtenAt: LastModified?.getTime() };
      } catch (thrown) {
        if (statusOf(thrown) === 304) return 'unchanged';
        throw objectError(bucket, key, thrown);
      }
    },
    async write(key, bytes, { signal }) {
      try {
        const [{ PutObjectCommand }, s3] = await parts();
        const command = new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentType: 'application/json',
        });
        await s3.send(command, { abortSignal: signal });
      } catch (thrown) {
        throw objectError(bucket, key, thrown);
      }
    },
  };
}

const words: Readonly<Record<AwsFailure, string>> = {
  throttled: 'Amazon S3 asks to slow down',
  denied: 'access to it is denied, or there is none',
  missing: 'there is none',
  slow: 'Amazon S3 did not answer in time',
  unreachable: 'Amazon S3 could not be reached',
  broken: 'the connection to Amazon S3 broke',
  service: 'Amazon S3 failed',
  unexpected: 'the answer of Amazon S3 was not understood',
};

/** Not kept as its cause: an SDK error carries the response. */
function objectError(bucket: string, key: string, thrown: unknown): ObjectError {
  if (thrown instanceof ObjectError) return thrown;
  const failure = awsFailure(thrown);
  return new ObjectError(failure, `${titleOf(bucket, key)}: ${words[failure]}`);
}

function titleOf(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}
