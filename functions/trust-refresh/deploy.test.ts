import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context, ScheduledEvent } from 'aws-lambda';
import { startBucket, type TestBucket } from '../../shared/aws/testing/bucket.ts';
import { startRepository, type TestRepository } from '../../shared/trust-roots/testing/repository.ts';
import { makeLog } from '../../test/fixtures/log.ts';
import { trustedRootOf } from '../../test/fixtures/trusted-root.ts';
import { publishedKey } from '../wiring/trust/published.ts';
import { deployTrustRefresh } from './deploy.ts';

const root = trustedRootOf([await makeLog()]);
let bucket: TestBucket;
let mirror: TestRepository;
let dir: string;

beforeEach(async () => {
  bucket = await startBucket();
  mirror = await startRepository(root);
  dir = await mkdtemp(join(tmpdir(), 'countersign-refresh-'));
  await writeFile(join(dir, 'root.json'), mirror.firstRoot);
});
afterEach(async () => {
  await Promise.all([bucket[Symbol.asyncDispose](), mirror[Symbol.asyncDispose]()]);
  await rm(dir, { recursive: true, force: true });
});

function instance(changes: Readonly<Record<string, string>> = {}) {
  const told: string[] = [];
  const nothing = () => undefined;
  const observability = {
    metrics: { count: (name: string) => void told.push(name) },
    ...{ log: nothing, crashed: nothing, warning: nothing, begin: nothing, flush: nothing },
    problem: (name: string, message: string) => void told.push(`${name}: ${message}`),
  };
  const environment = {
    AWS_REGION: 'eu-west-1',
    LAMBDA_TASK_ROOT: dir,
    TRUST_BUCKET: 'b',
    TRUST_MIRROR: mirror.url,
    TRUST_MIRROR_ROOT: 'root.json',
    ...changes,
  };
  const handler = deployTrustRefresh(environment, { objects: bucket.objects, observability, cache: join(dir, 'tuf') });
  return { told, run: () => handler({} as ScheduledEvent, {} as Context) };
}

test('publishes what the mirror has, each time, since the time of writing is its date', async () => {
  const { run, told } = instance();
  expect(await run()).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(bucket.stored.get(publishedKey)?.bytes).toEqual(root);
  await run();
  expect(bucket.calls).toEqual([`PUT ${publishedKey} 200`, `PUT ${publishedKey} 200`]);
  expect(told).toEqual(['trust-refreshed', 'trust-refreshed']);
});

test.each<[string, () => void, RegExp]>([
  ['a mirror that fails', () => (mirror.status = 404), /no trust root from/],
  ['a root that is not signed', () => mirror.publish(root, { foreign: true }), /no trust root from/],
  ['a target that is no trust root', () => mirror.publish(Buffer.from('{}')), /media type/],
  ['a bucket that denies', () => (bucket.failure = { status: 403, code: 'AccessDenied' }), /access to it is denied/],
])('%s: told, counted, thrown; what was published stays', async (_, happen, why) => {
  const { run, told } = instance();
  await run();
  const before = bucket.stored.get(publishedKey);
  happen();
  await expect(run()).rejects.toThrow(why);
  expect(told).toEqual(['trust-refreshed', expect.stringMatching(/^trust-refresh-failed: /)]);
  expect(bucket.stored.get(publishedKey)).toBe(before);
});

test('it asks for its own settings', async () => {
  const { run, told } = instance({ TRUST_BUCKET: '', TRUST_MIRROR_ROOT: '' });
  await expect(run()).rejects.toThrow('the environment is wrong');
  expect(told).toEqual([
    expect.stringMatching(/^config-invalid: .*\n.*TRUST_MIRROR_ROOT.*\n.*TRUST_BUCKET/),
    'config-invalid',
  ]);
});
