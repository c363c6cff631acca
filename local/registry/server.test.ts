import { connect } from 'node:net';
import { type Dispatcher, request } from 'undici';
import { type LocalRegistry, mediaTypes, type RegistryOptions, startRegistry } from './server.ts';
import { digestOf } from './store.ts';

const layer = Buffer.from('a layer');
const config = Buffer.from('{"architecture":"amd64","os":"linux"}');

function manifestOf(extra: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, size: config.length, digest: digestOf(config) },
      layers: [{ mediaType: mediaTypes.layer, size: layer.length, digest: digestOf(layer) }],
      ...extra,
    }),
  );
}

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

async function ask(
  registry: LocalRegistry,
  method: Dispatcher.HttpMethod,
  path: string,
  headers: Record<string, string> = {},
  body?: Uint8Array,
): Promise<Reply> {
  const response = await request(`${registry.url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.from(await response.body.arrayBuffer()),
  };
}

async function withRegistry(options: RegistryOptions, work: (registry: LocalRegistry) => Promise<void>): Promise<void> {
  await using registry = await startRegistry(options);
  await work(registry);
}

test('a pushed image is pulled by tag and by digest, byte for byte', () =>
  withRegistry({}, async (registry) => {
    const opened = await ask(registry, 'POST', '/v2/demo/app/blobs/uploads/', { 'content-length': '0' });
    expect(opened.status).toBe(202);
    const put = await ask(registry, 'PUT', `${opened.headers['location']}?digest=${digestOf(layer)}`, {}, layer);
    expect(put.status).toBe(201);
    // In one request.
    const single = `/v2/demo/app/blobs/uploads/?digest=${digestOf(config)}`;
    expect((await ask(registry, 'POST', single, {}, config)).status).toBe(201);
    const bytes = manifestOf();
    const pushed = await ask(
      registry,
      'PUT',
      '/v2/demo/app/manifests/1.0',
      { 'content-type': mediaTypes.manifest },
      bytes,
    );
    expect(pushed.status).toBe(201);
    expect(pushed.headers['docker-content-digest']).toBe(digestOf(bytes));

    for (const reference of ['1.0', digestOf(bytes)]) {
      const pulled = await ask(registry, 'GET', `/v2/demo/app/manifests/${reference}`);
      expect(pulled.status).toBe(200);
      expect(pulled.headers['content-type']).toBe(mediaTypes.manifest);
      expect(pulled.headers['docker-content-digest']).toBe(digestOf(bytes));
      expect(pulled.body).toEqual(bytes);
      const head = await ask(registry, 'HEAD', `/v2/demo/app/manifests/${reference}`);
      expect(head.headers['content-length']).toBe(String(bytes.length));
    }
    expect((await ask(registry, 'GET', `/v2/demo/app/blobs/${digestOf(layer)}`)).body).toEqual(layer);
    expect((await ask(registry, 'HEAD', `/v2/demo/app/blobs/${digestOf(config)}`)).status).toBe(200);
    expect((await ask(registry, 'GET', `/v2/demo/app/manifests/2.0`)).status).toBe(404);
    expect((await ask(registry, 'GET', `/v2/demo/app/blobs/${digestOf(bytes)}`)).status).toBe(404);
    expect(JSON.parse((await ask(registry, 'GET', '/v2/demo/app/tags/list')).body.toString())).toEqual({
      name: 'demo/app',
      tags: ['1.0'],
    });
  }));

test('a blob arrives in chunks; a chunk out of order and a digest of other bytes are refused', () =>
  withRegistry({}, async (registry) => {
    const { headers } = await ask(
      registry,
      'POST',
      `/v2/demo/app/blobs/uploads/?mount=${digestOf(layer)}&from=demo/other`,
    );
    const upload = String(headers['location']);
    expect((await ask(registry, 'PATCH', upload, { 'content-range': '0-2' }, layer.subarray(0, 3))).status).toBe(202);
    const progress = await ask(registry, 'GET', upload);
    expect(progress.headers['range']).toBe('0-2');
    expect((await ask(registry, 'PATCH', upload, { 'content-range': '5-6' }, layer.subarray(5))).status).toBe(416);
    expect((await ask(registry, 'PATCH', upload, { 'content-range': '3-6' }, layer.subarray(3))).status).toBe(202);
    expect((await ask(registry, 'PUT', `${upload}?digest=${digestOf(config)}`)).status).toBe(400);
    expect((await ask(registry, 'PUT', `${upload}?digest=${digestOf(layer)}`)).status).toBe(201);
    expect(registry.store.blob('demo/app', digestOf(layer))).toEqual(layer);
  }));

test('what no registry takes is refused: bytes of another digest, a manifest whose blobs are missing, another media type', () =>
  withRegistry({}, async (registry) => {
    const type = { 'content-type': mediaTypes.manifest };
    const missing = await ask(registry, 'PUT', '/v2/demo/app/manifests/1.0', type, manifestOf());
    expect(missing.status).toBe(400);
    expect(missing.body.toString()).toContain('MANIFEST_BLOB_UNKNOWN');
    registry.store.putBlob('demo/app', layer);
    registry.store.putBlob('demo/app', config);
    expect((await ask(registry, 'PUT', '/v2/demo/app/manifests/1.0', type, manifestOf())).status).toBe(201);
    const other = `/v2/demo/app/manifests/${digestOf(layer)}`;
    expect((await ask(registry, 'PUT', other, type, manifestOf())).status).toBe(400);
    const index = { 'content-type': mediaTypes.index };
    expect((await ask(registry, 'PUT', '/v2/demo/app/manifests/1.0', index, manifestOf())).status).toBe(400);
    expect((await ask(registry, 'PUT', '/v2/demo/app/manifests/.1', type, manifestOf())).status).toBe(400);
    expect((await ask(registry, 'GET', '/v2/Demo/app/manifests/1.0')).status).toBe(400);
  }));

test('a deleted manifest is gone with its tags; a deleted tag leaves its manifest', () =>
  withRegistry({}, async (registry) => {
    const digest = registry.store.putManifest('demo/app', manifestOf(), { tag: '1.0' });
    registry.store.tag('demo/app', 'latest', digest);
    expect((await ask(registry, 'DELETE', '/v2/demo/app/manifests/latest')).status).toBe(202);
    expect((await ask(registry, 'GET', '/v2/demo/app/manifests/latest')).status).toBe(404);
    expect((await ask(registry, 'GET', '/v2/demo/app/manifests/1.0')).status).toBe(200);
    expect((await ask(registry, 'DELETE', `/v2/demo/app/manifests/${digest}`)).status).toBe(202);
    expect((await ask(registry, 'GET', '/v2/demo/app/manifests/1.0')).status).toBe(404);
  }));

describe('referrers', () => {
  function attachThree({ store }: LocalRegistry) {
    const image = store.putManifest('demo/app', manifestOf(), { tag: '1.0' });
    const referrers = ['one', 'two', 'three'].map((text) =>
      store.attach('demo/app', image, {
        artifactType: 'application/example',
        layers: [{ mediaType: 'application/example', bytes: Buffer.from(text) }],
        annotations: { text },
      }),
    );
    return { image, referrers };
  }

  function digestsOf({ body }: Reply): unknown[] {
    return JSON.parse(body.toString()).manifests.map((each: { digest: unknown }) => each.digest);
  }

  test('are listed with artifact type and annotations, or bare', () =>
    withRegistry({}, async (registry) => {
      const { image, referrers } = attachThree(registry);
      const reply = await ask(registry, 'GET', `/v2/demo/app/referrers/${image}`);
      expect(reply.headers['content-type']).toBe(mediaTypes.index);
      expect(digestsOf(reply)).toEqual(referrers);
      const full = JSON.parse(reply.body.toString()).manifests[0];
      expect(full).toMatchObject({ artifactType: 'application/example', annotations: { text: 'one' } });
      registry.settings.referrerDescriptors = 'bare';
      const [bare] = JSON.parse(
        (await ask(registry, 'GET', `/v2/demo/app/referrers/${image}`)).body.toString(),
      ).manifests;
      expect(bare.artifactType).toBe(mediaTypes.empty);
      expect(bare.annotations).toBeUndefined();
    }));

  test('of an image without any are an empty list; switched off, there is no such end-point; empty, nothing is told', () =>
    withRegistry({}, async (registry) => {
      const { image, referrers } = attachThree(registry);
      const list = () => ask(registry, 'GET', `/v2/demo/app/referrers/${image}`);
      expect(digestsOf(await ask(registry, 'GET', `/v2/demo/app/referrers/${referrers[0]}`))).toEqual([]);
      registry.settings.referrers = 'off';
      expect((await list()).status).toBe(404);
      registry.settings.referrers = 'empty';
      expect(digestsOf(await list())).toEqual([]);
      registry.settings.referrers = 'on';
      expect(digestsOf(await list())).toEqual(referrers);
    }));

  test('come in pages that the Link header leads through', () =>
    withRegistry({ pageSize: 2 }, async (registry) => {
      const { image, referrers } = attachThree(registry);
      const first = await ask(registry, 'GET', `/v2/demo/app/referrers/${image}`);
      expect(digestsOf(first)).toEqual(referrers.slice(0, 2));
      const next = /^<(.+)>; rel="next"$/.exec(String(first.headers['link']))?.[1] ?? '';
      const second = await ask(registry, 'GET', next);
      expect(digestsOf(second)).toEqual(referrers.slice(2));
      expect(second.headers['link']).toBeUndefined();
    }));

  test('are announced to whoever pushes one, only while the registry keeps them', () =>
    withRegistry({}, async (registry) => {
      const { image } = attachThree(registry);
      registry.store.putBlob('demo/app', layer);
      registry.store.putBlob('demo/app', config);
      const bytes = manifestOf({ subject: { mediaType: mediaTypes.manifest, size: 1, digest: image } });
      const push = () =>
        ask(
          registry,
          'PUT',
          `/v2/demo/app/manifests/${digestOf(bytes)}`,
          { 'content-type': mediaTypes.manifest },
          bytes,
        );
      expect((await push()).headers['oci-subject']).toBe(image);
      registry.settings.referrers = 'off';
      expect((await push()).headers['oci-subject']).toBeUndefined();
    }));
});

test('the log tells what was asked and by whom, and keeps no secret', () =>
  withRegistry({}, async (registry) => {
    const secret = `Basic ${Buffer.from('alice:open:sesame').toString('base64')}`;
    await ask(registry, 'GET', '/v2/demo/app/manifests/1.0?x=1', { authorization: secret, accept: 'application/json' });
    await ask(registry, 'GET', '/v2/demo/app/tags/list');
    expect(registry.requests[0]).toMatchObject({
      method: 'GET',
      path: '/v2/demo/app/manifests/1.0?x=1',
      host: registry.host,
      kind: 'manifest',
      name: 'demo/app',
      reference: '1.0',
      authorization: 'Basic',
      user: 'alice',
      status: 404,
    });
    expect(registry.requests[0]?.headers['accept']).toBe('application/json');
    expect(JSON.stringify(registry.requests)).not.toContain(secret.slice(6));
    expect(registry.requests[1]?.authorization).toBeUndefined();
    expect(registry.count()).toBe(2);
    expect(registry.count({ kind: 'manifest', name: /app$/ })).toBe(1);
    expect(registry.count({ path: /other/ })).toBe(0);
  }));

test('closing ends a connection that waits for nothing', async () => {
  const registry = await startRegistry({ intercept: () => ({ kind: 'hang' }) });
  const waiting = ask(registry, 'GET', '/v2/').catch((error: unknown) => error);
  const idle = connect(registry.port, '127.0.0.1');
  const ended = new Promise((resolve) => idle.once('close', resolve));
  idle.on('error', () => {});
  await new Promise((resolve) => idle.once('connect', resolve));
  while (registry.count() === 0) await new Promise((resolve) => setImmediate(resolve));
  await registry.close();
  expect(await waiting).toHaveProperty('code');
  await ended;
});

test('a port that is taken is the error of the system', async () => {
  await using registry = await startRegistry();
  await expect(startRegistry({ port: registry.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
