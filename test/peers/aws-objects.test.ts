import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { publishedKey } from '../../functions/wiring/trust/published.ts';
import { type Objects, s3Objects } from '../../shared/aws/objects.ts';
import { s3Client } from '../../shared/aws/s3-client.ts';
import { fakeCredentials } from '../../shared/aws/testing/service.ts';
import { carriedBytes } from '../../shared/trust-roots/carried.ts';
import { type AwsService, region, startMoto } from './aws.ts';

// What functions publish for one another, in moto's S3.

const bucket = 'countersign-published';
let moto: AwsService;
let client: ReturnType<typeof s3Client>;
let objects: Objects;

beforeAll(async () => {
  moto = await startMoto();
  client = s3Client({ region, endpoint: moto.endpoint, credentials: fakeCredentials });
  objects = s3Objects({ client, bucket });
  const s3 = await client();
  await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
});
afterAll(async () => {
  (await client?.())?.destroy();
  await moto?.stop();
});

const signal = () => AbortSignal.timeout(20_000);
const read = (etag?: string) => objects.read(publishedKey, { etag, limit: 1024 * 1024, signal: signal() });

test('a root is published, read, and found unchanged by its etag until another is published', async () => {
  await expect(read()).rejects.toMatchObject({ problem: 'missing' });
  await objects.write(publishedKey, carriedBytes(), { signal: signal() });
  const first = await read();
  if (first === 'unchanged') throw new Error('nothing was there');
  expect(first.bytes).toEqual(carriedBytes());
  expect(Math.abs((first.writtenAt ?? 0) - Date.now())).toBeLessThan(60_000);
  expect(await read(first.etag)).toBe('unchanged');
  await objects.write(publishedKey, Buffer.from('{}'), { signal: signal() });
  expect(await read(first.etag)).toMatchObject({ bytes: Buffer.from('{}') });
});

test('a bucket that is not there', async () => {
  const nowhere = s3Objects({ client, bucket: 'countersign-nowhere' });
  await expect(nowhere.read('a', { limit: 1, signal: signal() })).rejects.toMatchObject({ problem: 'missing' });
  await expect(nowhere.write('a', Buffer.from('x'), { signal: signal() })).rejects.toMatchObject({
    problem: 'missing',
  });
});
