import { spending } from '../net/testing/spending.ts';
import { pour } from './testing/pour.ts';
import { type Setup, setUp } from './testing/setup.ts';
import { sha256, types } from './testing/store.ts';

let it: Setup;
beforeEach(async () => {
  it = await setUp();
});
afterEach(() => it.close());

const refused = (reason: string, kind: string) => expect.objectContaining({ name: 'Refusal', reason, kind });
const resolve = (tag = 'v1', spent = spending()) => it.registry.resolve(it.repository, tag, spent);
const absent = sha256(Buffer.from('nothing'));

test('a tag resolves to the digest of the bytes; a digest is found, and both are one request', async () => {
  const image = it.store.image('app', 'v1');
  const spent = spending();
  const resolved = await resolve('v1', spent);
  expect(resolved.digest).toBe(image.digest);
  expect(sha256(resolved.bytes)).toBe(image.digest);
  expect(spent.spent).toEqual({ requests: 1, bytes: image.size });
  expect(it.server.requests[0]).toMatchObject({
    path: '/v2/org/app/manifests/v1',
    headers: { accept: expect.stringContaining(types.index) },
  });
  expect(await it.registry.image(it.repository, image.digest, spending())).toEqual(resolved);
});

test('SHA-512 digests are computed with SHA-512', async () => {
  const { createHash } = await import('node:crypto');
  it.store.image('app', 'v1');
  const stored = it.store.manifests.get('v1');
  const digest = `sha512:${createHash('sha512')
    .update(stored?.body ?? '')
    .digest('hex')}`;
  if (stored !== undefined) it.store.manifests.set(digest, stored);
  expect((await it.registry.image(it.repository, digest as typeof absent, spending())).digest).toBe(digest);
  it.store.manifests.set(digest, { type: types.manifest, body: Buffer.from('{"schemaVersion":2}') });
  const again = it.registry.image(it.repository, digest as typeof absent, spending());
  await expect(again).rejects.toEqual(refused('digest-mismatch', 'denied'));
});

test('an absent tag or digest is denied', async () => {
  await expect(resolve()).rejects.toEqual(refused('image-not-found', 'denied'));
  await expect(it.registry.image(it.repository, absent, spending())).rejects.toEqual(
    refused('image-not-found', 'denied'),
  );
});

test('C6: a digest that the registry announces is checked, never used (CVE-2023-47630)', async () => {
  const image = it.store.image('app', 'v1');
  it.store.intercept = (_, response) => {
    response.setHeader('docker-content-digest', announced);
    const stored = it.store.manifests.get(image.digest);
    response.setHeader('content-type', types.manifest).end(stored?.body);
    return true;
  };
  let announced: string = absent;
  await expect(resolve()).rejects.toEqual(refused('digest-mismatch', 'denied'));
  announced = 'sha256:nonsense';
  await expect(resolve()).rejects.toEqual(refused('digest-mismatch', 'denied'));
  announced = image.digest;
  expect((await resolve()).digest).toBe(image.digest);
});

test('C4: bytes that are unlike the digest are denied (CVE-2022-47633)', async () => {
  const image = it.store.image('app');
  const other = it.store.image('other');
  it.store.manifests.set(image.digest, it.store.manifests.get(other.digest) ?? { type: undefined, body: Buffer.of() });
  await expect(it.registry.image(it.repository, image.digest, spending())).rejects.toEqual(
    refused('digest-mismatch', 'denied'),
  );
});

test('what is no image is denied, schema 1 in words of its own', async () => {
  it.store.manifest({ schemaVersion: 1, name: 'x' }, 'v1', 'application/vnd.docker.distribution.manifest.v1+prettyjws');
  await expect(resolve()).rejects.toThrow('schema 1');
  it.store.manifest('<html>', 'v1', 'text/html; charset=utf-8');
  await expect(resolve()).rejects.toEqual(refused('not-an-image', 'denied'));
  it.store.manifest('{', 'v1');
  await expect(resolve()).rejects.toEqual(refused('malformed-manifest', 'denied'));
});

test('a manifest of 100 MB is cut at its bound', async () => {
  let taken = () => 0;
  it.store.intercept = (_, response) => {
    response.setHeader('content-type', types.manifest);
    taken = pour(response, 100 * 1024 * 1024, Buffer.alloc(256 * 1024, 0x20));
    return true;
  };
  const spent = spending();
  await expect(resolve('v1', spent)).rejects.toEqual(refused('too-large', 'denied'));
  expect(spent.spent.bytes).toBeLessThan(5 * 1024 * 1024);
  expect(taken()).toBeLessThan(50 * 1024 * 1024);
});

test('of one review the manifests of images have 8 MiB', async () => {
  const tags = ['a', 'b', 'c', 'd'];
  for (const tag of tags) {
    const annotations = { tag, fill: 'x'.repeat(3 * 1024 * 1024) };
    it.store.manifest({ schemaVersion: 2, config: {}, layers: [], annotations }, tag);
  }
  const one = spending();
  for (const tag of ['a', 'b']) await it.registry.resolve(it.repository, tag, one);
  const message = expect.stringContaining('8388608 bytes of manifests and configs of images');
  await expect(it.registry.resolve(it.repository, 'c', one)).rejects.toMatchObject({
    reason: 'review-too-large',
    message,
  });
  // Those of another review are its own.
  expect((await it.registry.resolve(it.repository, 'd', spending())).bytes.length).toBeGreaterThan(3 * 1024 * 1024);
});

describe("the registry's own failures are unavailable", () => {
  const answering = (status: number, headers: Record<string, string> = {}) => {
    it.store.intercept = (_, response) => {
      response.writeHead(status, headers).end('<html>secret body</html>');
      return true;
    };
  };

  test.each([
    // The tag, and `/v2/`, which refuses everyone as well.
    [401, 'registry-unauthorized', 2],
    [403, 'registry-unauthorized', 2],
    [429, 'registry-throttled', 4],
    [408, 'registry-error', 4],
    [500, 'registry-error', 4],
    [503, 'registry-error', 4],
    [501, 'registry-error', 1],
    [204, 'registry-error', 1],
    [304, 'registry-error', 1],
  ])('%d: %s after %d requests', async (status, reason, requests) => {
    answering(status);
    const result = resolve();
    await expect(result).rejects.toEqual(refused(reason, 'unavailable'));
    await expect(result).rejects.toThrow(String(status));
    await expect(result).rejects.not.toThrow(/secret/);
    expect(it.server.requests).toHaveLength(requests);
  });

  test.each([400, 402, 406, 410, 412, 415, 416, 418, 422, 423, 451])(
    'but %d is an answer: there is no such image',
    async (status) => {
      answering(status);
      for (const ask of [() => resolve(), () => it.registry.image(it.repository, absent, spending())]) {
        const result = ask();
        await expect(result).rejects.toEqual(refused('image-not-found', 'denied'));
        await expect(result).rejects.toThrow(String(status));
        await expect(result).rejects.not.toThrow(/secret/);
      }
      expect(it.server.requests).toHaveLength(2);
    },
  );

  test('429 once, then the image: waited as asked', async () => {
    it.store.image('app', 'v1');
    it.store.intercept = (_, response) => {
      it.store.intercept = () => false;
      response.writeHead(429, { 'retry-after': '2' }).end();
      return true;
    };
    await resolve();
    expect(it.waits).toEqual([2000]);
  });

  test('429 with a wait beyond the deadline fails at once', async () => {
    answering(429, { 'retry-after': '30' });
    await expect(resolve()).rejects.toEqual(refused('registry-throttled', 'unavailable'));
    expect(it.server.requests).toHaveLength(1);
  });

  test('a registry that asked to be left alone is: no other image asks it until then', async () => {
    it.store.image('app', 'v1');
    answering(429, { 'retry-after': '30' });
    await expect(resolve()).rejects.toEqual(refused('registry-throttled', 'unavailable'));
    for (const tag of ['v1', 'v2', 'v3']) {
      await expect(resolve(tag)).rejects.toEqual(refused('registry-throttled', 'unavailable'));
    }
    expect(it.server.requests).toHaveLength(1);
    it.store.intercept = () => false;
    it.time.now += 30_000;
    await resolve();
  });

  test('nobody there, a body cut short, a redirect loop', async () => {
    it.store.intercept = (_, response) => {
      response.writeHead(200, { 'content-length': 100, 'content-type': types.manifest }).write('{');
      setImmediate(() => response.destroy());
      return true;
    };
    await expect(resolve()).rejects.toEqual(refused('body-cut-short', 'unavailable'));
    answering(307, { location: '/v2/org/app/manifests/v1' });
    await expect(resolve()).rejects.toEqual(refused('too-many-redirects', 'unavailable'));
    await it.server.close();
    await expect(resolve()).rejects.toEqual(refused('registry-unreachable', 'unavailable'));
  });

  test('time', async () => {
    const spent = spending();
    it.store.intercept = () => {
      spent.end();
      return true;
    };
    await expect(resolve('v1', spent)).rejects.toEqual(refused('deadline', 'unavailable'));
  });
});
