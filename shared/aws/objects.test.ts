import { ObjectError } from './objects.ts';
import { bucketName, startBucket, type TestBucket } from './testing/bucket.ts';

let bucket: TestBucket;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket[Symbol.asyncDispose]());

const signal = () => AbortSignal.timeout(10_000);
const read = (key: string, etag?: string) => bucket.objects.read(key, { etag, limit: 100, signal: signal() });

async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (thrown) {
    if (!(thrown instanceof ObjectError)) throw thrown;
    expect(thrown.message).toContain(`s3://${bucketName}/`);
    expect(thrown.cause).toBeUndefined();
    return thrown.problem;
  }
}

test('what is written is read, with its etag and when it was written', async () => {
  const bytes = Buffer.from('{"a": 1}');
  await bucket.objects.write('trust/a b.json', bytes, { signal: signal() });
  expect(bucket.stored.get('trust/a b.json')?.bytes).toEqual(bytes);
  const answer = await read('trust/a b.json');
  if (answer === 'unchanged') throw new Error('unchanged');
  expect(answer.bytes).toEqual(bytes);
  expect(Math.abs((answer.writtenAt ?? 0) - Date.now())).toBeLessThan(60_000);
  expect(await read('trust/a b.json', answer.etag)).toBe('unchanged');
  expect(await read('trust/a b.json', '"other"')).toMatchObject({ bytes });
  expect(bucket.calls.map((call) => call.slice(-3))).toEqual(['200', '200', '304', '200']);
});

test('an object over the limit is not read', async () => {
  await bucket.objects.write('a', Buffer.alloc(101), { signal: signal() });
  expect(await problemOf(read('a'))).toBe('too-large');
});

test.each([
  [404, 'NoSuchKey', 'missing'],
  [404, 'NoSuchBucket', 'missing'],
  [403, 'AccessDenied', 'denied'],
  [503, 'SlowDown', 'throttled'],
  [500, 'InternalError', 'service'],
])('%i %s is %s', async (status, code, problem) => {
  bucket.failure = { status, code };
  expect(await problemOf(read('a'))).toBe(problem);
  expect(await problemOf(bucket.objects.write('a', Buffer.from('x'), { signal: signal() }))).toBe(problem);
});

test('a call ends with its signal', async () => {
  bucket.failure = 'never';
  const soon = AbortSignal.timeout(20);
  expect(await problemOf(bucket.objects.read('a', { limit: 1, signal: soon }))).toBe('slow');
});
