import { parseReference } from '../image/reference.ts';
import { spending, type TestSpending } from '../net/testing/spending.ts';
import type { RegistrySettings } from './create.ts';
import { imageData, readImageContent } from './image-data.ts';
import { type Setup, setUp } from './testing/setup.ts';
import { type Stored, sha256, types } from './testing/store.ts';

const mebi = 1024 * 1024;
const configType = 'application/vnd.oci.image.config.v1+json';
const config = { architecture: 'amd64', os: 'linux', config: { User: '1000', Labels: { team: 'a' } }, rootfs: {} };

let it: Setup;
const open = async (settings: Partial<RegistrySettings> = {}) => {
  await it?.close();
  it = await setUp(settings);
};
beforeEach(async () => {
  it = await setUp();
});
afterEach(() => it.close());

/** An image whose config is this text. */
function push(text: string | Buffer, tag?: string): Stored {
  return pushOf(it.store.blob(text, configType), tag);
}

function pushOf(config: unknown, tag?: string): Stored {
  return it.store.manifest({ schemaVersion: 2, mediaType: types.manifest, config, layers: [] }, tag);
}

function pushIndex(manifests: unknown, tag?: string): Stored {
  return it.store.manifest({ schemaVersion: 2, mediaType: types.index, manifests }, tag, types.index);
}

const on = (image: Stored, os: string, architecture: string, more = {}) => ({
  ...image,
  platform: { os, architecture, ...more },
});

/** The data of `org/app` on the server, `suffix` being a tag or digest. */
async function read(suffix: string, spent: TestSpending = spending()) {
  const text = `${it.server.host}/org/app${suffix}`;
  const parsed = parseReference(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { repository, tag = '', digest } = parsed.reference;
  const image =
    digest === undefined
      ? await it.registry.resolve(repository, tag, spent)
      : await it.registry.image(repository, digest, spent);
  const content = await readImageContent(it.registry, repository, image, spent, () => it.time.now);
  return imageData(text, parsed.reference, image, content);
}

const refused = (reason: string, message = '') =>
  expect.objectContaining({ name: 'Refusal', reason, kind: 'denied', message: expect.stringContaining(message) });

describe('what Kyverno has for an image', () => {
  test('by tag: its manifest and its config, in two rounds', async () => {
    const image = push(JSON.stringify(config), 'v1');
    const spent = spending();
    expect(await read(':v1', spent)).toEqual({
      image: `${it.server.host}/org/app:v1`,
      resolvedImage: `${it.server.host}/org/app@${image.digest}`,
      registry: it.server.host,
      repository: 'org/app',
      identifier: 'v1',
      manifestList: null,
      manifest: expect.objectContaining({ mediaType: types.manifest, layers: [] }),
      configData: config,
    });
    expect([spent.spent.requests, it.rounds()]).toEqual([2, 2]);
  });

  test('by digest, with a tag before it or without', async () => {
    const image = push(JSON.stringify(config));
    const identifierOf = async (suffix: string) => (await read(suffix))['identifier'];
    expect(await identifierOf(`:v9@${image.digest}`)).toBe(`v9@${image.digest}`);
    // Kyverno takes what follows the last colon for a tag: here that of the port.
    const port = it.server.host.split(':')[1];
    expect(await identifierOf(`@${image.digest}`)).toBe(`${port}/org/app@${image.digest}`);
  });

  test.each([
    ['nginx', 'index.docker.io', 'library/nginx', 'latest'],
    ['docker.io/library/nginx:1.27', 'index.docker.io', 'library/nginx', '1.27'],
    ['registry-1.docker.io/bitnami/nginx:1', 'index.docker.io', 'bitnami/nginx', '1'],
    ['GHCR.io:443/acme/app:v1', 'ghcr.io', 'acme/app', 'v1'],
    [`ghcr.io/acme/app@sha256:${'a'.repeat(64)}`, 'ghcr.io', 'acme/app', `sha256:${'a'.repeat(64)}`],
  ])('%s is named %s %s %s', (text, registry, repository, identifier) => {
    const parsed = parseReference(text);
    if ('problem' in parsed) throw new Error(parsed.problem);
    const digest = sha256(Buffer.from('image'));
    const content = { manifestList: null, manifest: {}, configData: {}, values: 2, bytes: 4 };
    expect(imageData(text, parsed.reference, { digest, bytes: Buffer.of() }, content)).toMatchObject({
      image: text,
      resolvedImage: `${registry}/${repository}@${digest}`,
      registry,
      repository,
      identifier,
    });
  });

  test('names like __proto__ are fields like any other', async () => {
    push('{"__proto__":{"architecture":"amd64"},"constructor":1}', 'v1');
    const { configData } = await read(':v1');
    expect(Object.keys(configData as object)).toEqual(['__proto__', 'constructor']);
    expect((configData as Record<string, unknown>)['architecture']).toBeUndefined();
  });
});

describe('an index', () => {
  test('gives the first image for linux/amd64, and its own digest, in three rounds', async () => {
    const arm = push('{"architecture":"arm64"}');
    const [amd, later] = [push('{"architecture":"amd64"}'), push('{"architecture":"amd64","later":true}')];
    const listed = [
      on(arm, 'linux', 'arm64'),
      on(arm, 'windows', 'amd64', { 'os.version': '10' }),
      on(amd, 'linux', 'amd64', { variant: 'v2' }),
      on(later, 'linux', 'amd64'),
    ];
    const index = pushIndex(listed, 'v1');
    const spent = spending();
    expect(await read(':v1', spent)).toMatchObject({
      resolvedImage: `${it.server.host}/org/app@${index.digest}`,
      identifier: 'v1',
      manifestList: { mediaType: types.index, manifests: listed },
      manifest: { mediaType: types.manifest },
      configData: { architecture: 'amd64' },
    });
    expect([spent.spent.requests, it.rounds()]).toEqual([3, 3]);
    expect((await read(`@${index.digest}`))['configData']).toEqual({ architecture: 'amd64' });
  });

  test.each([
    ['left out', {}],
    ['null', { platform: null }],
  ])('an image whose platform is %s is for linux/amd64', async (_, more) => {
    pushIndex([{ ...push('{"first":true}'), ...more }, on(push('{}'), 'linux', 'amd64')], 'v1');
    expect((await read(':v1'))['configData']).toEqual({ first: true });
  });

  test('without an image for linux/amd64 is denied', async () => {
    pushIndex([on(push('{}'), 'linux', 'arm64')], 'v1');
    await expect(read(':v1')).rejects.toEqual(refused('image-not-found', 'has no image for linux/amd64'));
    for (const manifests of [[], null]) {
      pushIndex(manifests, 'v1');
      await expect(read(':v1')).rejects.toEqual(refused('image-not-found'));
    }
  });

  test('may list an index, three deep', async () => {
    let index = pushIndex([on(push('{"deep":true}'), 'linux', 'amd64')]);
    for (let more = 0; more < 2; more++) index = pushIndex([on(index, 'linux', 'amd64')]);
    const outermost = it.store.manifests.get(index.digest)?.body.toString();
    const data = await read(`@${index.digest}`);
    expect(data['configData']).toEqual({ deep: true });
    expect(data['manifestList']).toEqual(JSON.parse(outermost ?? ''));
    index = pushIndex([on(index, 'linux', 'amd64')]);
    const spent = spending();
    await expect(read(`@${index.digest}`, spent)).rejects.toEqual(refused('malformed-manifest', 'index of indexes'));
    expect(spent.spent.requests).toBe(4);
  });

  test('that breaks the format anywhere is denied', async () => {
    const good = on(push('{}'), 'linux', 'amd64');
    for (const bad of [
      { ...good, digest: 'sha256:1' },
      { ...good, size: -1 },
      { ...good, platform: 'linux' },
      'text',
    ]) {
      pushIndex([good, bad], 'v1');
      await expect(read(':v1')).rejects.toEqual(refused('malformed-manifest', 'breaks the format'));
    }
    pushIndex([good, good], 'v1');
    expect((await read(':v1'))['configData']).toEqual({});
  });

  test('whose image is gone, has another digest or size, or is none, is denied', async () => {
    const image = push('{}');
    const kept = it.store.manifests.get(image.digest);
    if (kept === undefined) throw new Error('no manifest');
    pushIndex([on(image, 'linux', 'amd64')], 'v1');
    it.store.manifests.delete(image.digest);
    await expect(read(':v1')).rejects.toEqual(refused('content-missing', 'does not have it'));
    it.store.manifests.set(image.digest, { ...kept, body: Buffer.from(kept.body.toString().replace('[]', '{}')) });
    await expect(read(':v1')).rejects.toEqual(refused('digest-mismatch', 'its digest'));
    it.store.manifests.set(image.digest, { ...kept, type: 'text/html' });
    await expect(read(':v1')).rejects.toEqual(refused('not-an-image', 'text/html'));
    it.store.manifests.set(image.digest, kept);
    expect((await read(':v1'))['configData']).toEqual({});
    for (const size of [image.size - 1, image.size + 1]) {
      pushIndex([on({ ...image, size }, 'linux', 'amd64')], 'v1');
      await expect(read(':v1')).rejects.toEqual(refused('digest-mismatch', 'size'));
    }
  });
});

describe('a config', () => {
  test('that is gone, or has another digest or size, is denied', async () => {
    const blob = it.store.blob('{"a":1}', configType);
    pushOf(blob, 'v1');
    expect((await read(':v1'))['configData']).toEqual({ a: 1 });
    it.store.blobs.set(blob.digest, Buffer.from('{"a":2}'));
    await expect(read(':v1')).rejects.toEqual(refused('digest-mismatch', 'its digest'));
    for (const body of ['{"a":1} ', '{"a":}']) {
      it.store.blobs.set(blob.digest, Buffer.from(body));
      await expect(read(':v1')).rejects.toEqual(refused('digest-mismatch', 'size'));
    }
    it.store.blobs.delete(blob.digest);
    await expect(read(':v1')).rejects.toEqual(refused('content-missing', 'does not have'));
    pushOf({ ...blob, digest: 'none' }, 'v1');
    await expect(read(':v1')).rejects.toEqual(refused('malformed-manifest', 'names its config'));
  });

  test('has 1 MiB at most; one that says that it is larger is not asked for', async () => {
    const filled = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
    push(filled(mebi), 'v1');
    expect((await read(':v1'))['configData']).toHaveLength(mebi - 2);
    push(filled(mebi + 1), 'v1');
    const spent = spending();
    await expect(read(':v1', spent)).rejects.toEqual(refused('too-large', '1048576 bytes'));
    expect(spent.spent.requests).toBe(1);
    // One that says less than it sends is read no further than that.
    const blob = it.store.blob(filled(mebi + 1), configType);
    pushOf({ ...blob, size: 100 }, 'v1');
    const lied = spending();
    await expect(read(':v1', lied)).rejects.toEqual(refused('digest-mismatch', 'size'));
    expect(lied.spent.bytes).toBeLessThan(mebi);
  });

  test('is not asked for where the manifest is over 1 MiB', async () => {
    const config = it.store.blob('{}', configType);
    const filled = (bytes: number) => ({
      schemaVersion: 2,
      mediaType: types.manifest,
      config,
      fill: 'x'.repeat(bytes),
    });
    it.store.manifest(filled(mebi - 1000), 'v1');
    expect(await read(':v1')).toHaveProperty('configData', {});
    it.store.manifest(filled(mebi), 'v1');
    const spent = spending();
    await expect(read(':v1', spent)).rejects.toEqual(refused('review-too-large', 'over 1048576 bytes'));
    expect(spent.spent.requests).toBe(1);
  });

  test('one whose bytes have not been kept is asked for once more', async () => {
    const { digest } = push(JSON.stringify(config));
    const spent = spending();
    const repository = { registry: it.server.host, path: 'org/app' };
    const content = await readImageContent(it.registry, repository, { digest, bytes: undefined }, spent, () => 0);
    expect([content.configData, spent.spent.requests]).toEqual([config, 2]);
  });

  test('nests 64 deep at most, and so does the manifest', async () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    push(nested(64), 'v1');
    expect((await read(':v1'))['configData']).toBeInstanceOf(Array);
    push(nested(65), 'v1');
    await expect(read(':v1')).rejects.toEqual(refused('malformed-manifest', 'nested over 64 deep'));
    const blob = it.store.blob('{}', configType);
    const manifest = (depth: number) =>
      `{"schemaVersion":2,"config":${JSON.stringify(blob)},"layers":[],"x":${nested(depth)}}`;
    it.store.manifest(manifest(63), 'v1');
    expect((await read(':v1'))['configData']).toEqual({});
    it.store.manifest(manifest(64), 'v1');
    await expect(read(':v1')).rejects.toEqual(refused('malformed-manifest', 'nested over 64 deep'));
  });

  test('holds 10,000 values at most', async () => {
    push(`[${'1,'.repeat(9_999)}1]`, 'v1');
    expect((await read(':v1'))['configData']).toHaveLength(10_000);
    push(`[${'1,'.repeat(10_000)}1]`, 'v1');
    await expect(read(':v1')).rejects.toEqual(refused('too-large', '10000 values'));
  });

  test.each([['{'], [''], [Buffer.from([0x22, 0xff, 0x22])]])('that is no JSON (%j) is denied', async (text) => {
    push(text, 'v1');
    await expect(read(':v1')).rejects.toEqual(refused('malformed-manifest', 'config'));
  });

  test('counts towards what the manifests of images of a review have', async () => {
    const filled = (name: string) => JSON.stringify(name.repeat(mebi - 2));
    const spent = spending();
    for (const tag of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      push(filled(tag), tag);
      await read(`:${tag}`, spent);
    }
    push(filled('h'), 'h');
    await expect(read(':h', spent)).rejects.toEqual(refused('review-too-large', 'manifests and configs'));
    expect((await read(':h'))['configData']).toHaveLength(mebi - 2);
  });

  test('waits for room where it is large, and gives it back', async () => {
    let held = 0;
    let most = 0;
    const entered = Promise.resolve();
    const rooms = {
      enter(bytes: number) {
        held += bytes;
        most = Math.max(most, held);
        const leave = () => {
          held -= bytes;
        };
        return { entered, leave };
      },
    };
    await open({ manifestRooms: rooms });
    push('{}', 'small');
    await read(':small');
    expect(most).toBe(0);
    const large = JSON.stringify('x'.repeat(mebi - 2));
    push(large, 'large');
    await read(':large');
    expect([held, most]).toEqual([0, large.length]);
    it.store.blobs.clear();
    await expect(read(':large')).rejects.toEqual(refused('content-missing'));
    expect(held).toBe(0);
  });

  test("the registry's own failure is unavailable", async () => {
    push('{}', 'v1');
    it.store.intercept = ({ url = '' }, response) => {
      if (!url.includes('/blobs/')) return false;
      response.writeHead(503).end();
      return true;
    };
    await expect(read(':v1')).rejects.toMatchObject({ reason: 'registry-error', kind: 'unavailable' });
    it.store.intercept = () => false;
    expect((await read(':v1'))['configData']).toEqual({});
  });
});
