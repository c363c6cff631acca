import { type Dispatcher, request } from 'undici';
import {
  anyOf,
  endlessReferrers,
  type Fault,
  type LocalRegistry,
  mediaTypes,
  on,
  startRegistry,
  times,
} from './server.ts';

const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, layers: [] }));
const path = '/v2/demo/app/manifests/1.0';

function get(registry: LocalRegistry, at = path, options: Partial<Dispatcher.RequestOptions> = {}) {
  return request(`${registry.url}${at}`, { ...options });
}

async function withFault(fault: Fault, work: (registry: LocalRegistry) => Promise<void>): Promise<void> {
  await using registry = await startRegistry();
  registry.store.putManifest('demo/app', bytes, { tag: '1.0' });
  // The twin: without the fault the answer is right.
  expect(Buffer.from(await (await get(registry)).body.arrayBuffer())).toEqual(bytes);
  registry.settings.intercept = on({ kind: 'manifest' }, fault);
  await work(registry);
}

test('a status with headers', () =>
  withFault({ kind: 'status', status: 429, headers: { 'retry-after': '2' } }, async (registry) => {
    const { statusCode, headers, body } = await get(registry);
    await body.dump();
    expect(statusCode).toBe(429);
    expect(headers['retry-after']).toBe('2');
    expect(registry.requests.at(-1)?.status).toBe(429);
  }));

test('another body', () =>
  withFault({ kind: 'body', body: '<html>', headers: { 'content-type': 'text/html' } }, async (registry) => {
    const { statusCode, headers, body } = await get(registry);
    expect(await body.text()).toBe('<html>');
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html']);
  }));

test('a redirect to itself', () =>
  withFault({ kind: 'redirect', to: 'self' }, async (registry) => {
    const { statusCode, headers, body } = await get(registry);
    await body.dump();
    expect([statusCode, headers['location']]).toEqual([307, path]);
  }));

test.each([undefined, 0, 5])('a body cut short after %p bytes', (cut) =>
  withFault({ kind: 'cut-short', ...(cut === undefined ? {} : { bytes: cut }) }, async (registry) => {
    const { statusCode, headers, body } = await get(registry);
    expect(statusCode).toBe(200);
    expect(headers['content-length']).toBe(String(bytes.length));
    let size = 0;
    await expect(
      (async () => {
        for await (const chunk of body as AsyncIterable<Buffer>) size += chunk.length;
      })(),
    ).rejects.toHaveProperty('code');
    expect(size).toBe(cut ?? bytes.length >> 1);
  }),
);

test('bytes of another digest under the right headers, and the other way round', async () => {
  await withFault({ kind: 'wrong-bytes' }, async (registry) => {
    const { headers, body } = await get(registry);
    const received = Buffer.from(await body.arrayBuffer());
    expect(received).toHaveLength(bytes.length);
    expect(received).not.toEqual(bytes);
    expect(headers['docker-content-digest']).toBe(registry.store.manifest('demo/app', '1.0')?.digest);
  });
  await withFault({ kind: 'wrong-digest-header' }, async (registry) => {
    const { headers, body } = await get(registry);
    expect(Buffer.from(await body.arrayBuffer())).toEqual(bytes);
    expect(headers['docker-content-digest']).not.toBe(registry.store.manifest('demo/app', '1.0')?.digest);
  });
});

test('a body of a given size that is not stored anywhere', () =>
  withFault({ kind: 'endless', bytes: 1_000_000, prefix: '{"a":"' }, async (registry) => {
    const { headers, body } = await get(registry);
    expect(headers['content-length']).toBeUndefined();
    const text = await body.text();
    expect(text).toHaveLength(1_000_000);
    expect(text.startsWith('{"a":"  ')).toBe(true);
  }));

test('a body without end, which stops when the client goes', () =>
  withFault({ kind: 'endless' }, async (registry) => {
    const { body } = await get(registry);
    let size = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > 3_000_000) break;
    }
    expect(size).toBeGreaterThan(3_000_000);
  }));

test('no answer, a reset connection, and a late answer', async () => {
  await withFault({ kind: 'hang' }, async (registry) => {
    const gone = new AbortController();
    const waiting = get(registry, path, { signal: gone.signal }).catch((error: unknown) => error);
    while (registry.count({ kind: 'manifest' }) < 2) await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    expect(await waiting).toMatchObject({ name: 'AbortError' });
    expect(registry.requests.at(-1)?.status).toBeUndefined();
  });
  await withFault({ kind: 'reset' }, async (registry) => {
    await expect(get(registry)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
  await withFault({ kind: 'delay', ms: 30 }, async (registry) => {
    const started = performance.now();
    expect(Buffer.from(await (await get(registry)).body.arrayBuffer())).toEqual(bytes);
    expect(performance.now() - started).toBeGreaterThan(25);
  });
});

test('the first requests fail and the next does not; other requests are not touched', async () => {
  await using registry = await startRegistry();
  registry.store.putManifest('demo/app', bytes, { tag: '1.0' });
  registry.settings.intercept = anyOf(
    on({ kind: 'tags' }, { kind: 'status', status: 403 }),
    on({ kind: 'manifest', reference: '1.0' }, times(2, { kind: 'status', status: 503 })),
  );
  const statuses: number[] = [];
  for (const at of ['/v2/', path, path, path, '/v2/demo/app/tags/list']) {
    const { statusCode, body } = await get(registry, at);
    await body.dump();
    statuses.push(statusCode);
  }
  expect(statuses).toEqual([200, 503, 503, 200, 403]);
});

test('a list of referrers whose pages never end', async () => {
  await using registry = await startRegistry({ intercept: endlessReferrers });
  let next = `/v2/demo/app/referrers/sha256:${'0'.repeat(64)}`;
  const seen = new Set<string>();
  for (let page = 0; page < 5; page += 1) {
    const { headers, body } = await get(registry, next);
    seen.add(await body.text());
    next = /<(.+)>/.exec(String(headers['link']))?.[1] ?? '';
  }
  expect(seen.size).toBe(5);
});

test('an intercept that throws is told in the answer', async () => {
  await using registry = await startRegistry({
    intercept: () => {
      throw new Error('wrong test');
    },
  });
  const { statusCode, body } = await get(registry, '/v2/');
  expect(statusCode).toBe(500);
  expect(await body.text()).toContain('wrong test');
});
