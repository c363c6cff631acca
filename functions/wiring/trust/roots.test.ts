import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBucket, type TestBucket } from '../../../shared/aws/testing/bucket.ts';
import { carriedRecord } from '../../../shared/trust-roots/record.ts';
import { makeLog } from '../../../test/fixtures/log.ts';
import { trustedRootOf } from '../../../test/fixtures/trusted-root.ts';
import type { TrustConfig } from '../config/trust.ts';
import { publishedKey } from './published.ts';
import { functionRoots } from './roots.ts';

const day = Date.parse(carriedRecord.date);
const log = await makeLog();
const first = trustedRootOf([log]);
const second = trustedRootOf([log, await makeLog('https://other.test')]);
let bucket: TestBucket;
let dir: string;
let now: number;
let warned: string[];

beforeEach(async () => {
  bucket = await startBucket();
  dir = await mkdtemp(join(tmpdir(), 'countersign-roots-'));
  now = day;
  warned = [];
});
afterEach(async () => {
  await bucket[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

function rootsOf(changes: Partial<TrustConfig> = {}) {
  const config = { region: 'eu-west-1', trustBucket: 'b', trustRoot: 'carried', trustRootMaxAge: 90 } as const;
  const nothing = () => undefined;
  const observability = {
    metrics: { count: nothing },
    ...{ log: nothing, crashed: nothing, begin: nothing, flush: nothing },
    warning: (name: string, message: string) => warned.push(`${name}: ${message}`),
    problem: (name: string, message: string) => warned.push(`${name}: ${message}`),
  };
  const roots = functionRoots({
    config: { ...config, ...changes },
    root: dir,
    clock: () => now,
    observability,
    objects: bucket.objects,
  });
  return roots;
}

const publish = (bytes: Buffer, writtenAt = now) => bucket.stored.set(publishedKey, { bytes, writtenAt });
const urls = async (roots: ReturnType<typeof rootsOf>) =>
  (await roots())?.transparencyLogs.map(({ baseUrl }) => baseUrl);
const publicLog = expect.arrayContaining(['https://rekor.sigstore.dev']);

test('nothing is read before a root is asked for, and none where there is to be none', async () => {
  rootsOf();
  expect(await rootsOf({ trustRoot: 'none' })()).toBeUndefined();
  expect(bucket.calls).toEqual([]);
});

test('without a bucket: the carried one, or the file of the zip', async () => {
  expect(await urls(rootsOf({ trustBucket: undefined }))).toEqual(publicLog);
  await writeFile(join(dir, 'ours.json'), first);
  expect(await urls(rootsOf({ trustBucket: undefined, trustRoot: { file: 'ours.json' } }))).toEqual([log.url]);
  const gone = rootsOf({ trustBucket: undefined, trustRoot: { file: 'gone.json' } });
  await expect(gone()).rejects.toMatchObject({ reason: 'trust-missing' });
  expect(warned).toEqual([
    expect.stringMatching(/^trust-root-invalid: .*TRUST_ROOT: gone\.json is no trust root: ENOENT/s),
  ]);
  expect(bucket.calls).toEqual([]);
});

test('the published one, asked for by its etag after 30 s and given at once until then', async () => {
  publish(first);
  const roots = rootsOf();
  expect(await urls(roots)).toEqual([log.url]);
  expect(roots()).toBe(await roots());
  now += 29_999;
  await roots();
  expect(bucket.calls).toHaveLength(1);
  now += 1;
  const held = await roots();
  expect(bucket.calls.at(-1)).toBe(`GET ${publishedKey} 304`);
  expect(roots()).toBe(held);
  publish(second);
  now += 30_000;
  expect(await urls(roots)).toEqual([log.url, 'https://other.test']);
  expect(warned).toEqual([]);
});

test.each<[string, () => void]>([
  ['nothing is published yet', () => undefined],
  ['access is denied', () => (bucket.failure = { status: 403, code: 'AccessDenied' })],
  ['what is published is no trust root', () => publish(Buffer.from('{}'))],
])('the carried one where %s, with a warning, and not asked again for 30 s', async (_, happen) => {
  happen();
  const roots = rootsOf();
  expect(await urls(roots)).toEqual(publicLog);
  expect(await urls(roots)).toEqual(publicLog);
  expect(bucket.calls).toHaveLength(1);
  expect(warned).toEqual([expect.stringMatching(/^trust-root-unread: the published trust root is not read: /)]);
  bucket.failure = undefined;
  publish(first);
  now += 30_000;
  expect(await urls(roots)).toEqual([log.url]);
});

test('what was read stays in force while it cannot be read again, and while what is published is none', async () => {
  publish(first);
  const roots = rootsOf();
  await roots();
  bucket.failure = { status: 403, code: 'AccessDenied' };
  now += 24 * 3_600_000;
  expect(await urls(roots)).toEqual([log.url]);
  bucket.failure = undefined;
  publish(Buffer.from('no JSON'));
  now += 30_000;
  expect(await urls(roots)).toEqual([log.url]);
  expect(warned).toHaveLength(2);
});

test('a review that leaves no time to find out is refused; a bucket that does not answer costs others a second, once', async () => {
  bucket.failure = 'never';
  const roots = rootsOf();
  const within = (ms: number) => {
    const deadline = { remaining: () => ms, signal: AbortSignal.timeout(10_000), expired: () => false };
    return roots(deadline as unknown as Parameters<typeof roots>[0]);
  };
  const began = performance.now();
  await expect(within(100)).rejects.toMatchObject({ reason: 'deadline', late: true });
  expect(performance.now() - began).toBeLessThan(900);
  expect((await within(10_000))?.hash).toBe(carriedRecord.sha256);
  expect((await within(100))?.hash).toBe(carriedRecord.sha256);
  expect(performance.now() - began).toBeLessThan(1900);
});

test('what was read decides for a review that leaves no time to read it again', async () => {
  publish(first);
  const roots = rootsOf();
  await roots();
  bucket.failure = 'never';
  now += 30_000;
  const deadline = { remaining: () => 50, signal: AbortSignal.timeout(10_000), expired: () => false };
  expect((await roots(deadline as unknown as Parameters<typeof roots>[0]))?.transparencyLogs).toMatchObject([
    { baseUrl: log.url },
  ]);
});

test('an old one is warned of when it comes into force', async () => {
  now = day + 91 * 24 * 3_600_000;
  await rootsOf({ trustBucket: undefined })();
  expect(warned).toEqual([expect.stringMatching(/^trust-root-old: the carried trust root is 91 days old/)]);
  publish(first, now - 8 * 24 * 3_600_000);
  await rootsOf({ trustRootMaxAge: 7 })();
  expect(warned.at(-1)).toMatch(/^trust-root-old: the published trust root is 8 days old/);
});
