import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { type Credentials, parseDockerConfig } from '../../shared/registry/credentials.ts';
import { openWorld, pod, policy, review, type World } from './harness.ts';

/** Registries, proxies and tools that cosign and docker get along with. */
const name = 'odd/app';
let world: World;
let credentials: Credentials;
beforeEach(async () => {
  credentials = parseDockerConfig('{}');
  const lazily: Credentials = { warnings: [], find: (repository) => credentials.find(repository) };
  world = await openWorld({ core: { credentials: lazily } });
  const digest = await makeImage(world.destination, name, 'signed');
  await sign(world.destination, { repository: name, digest, key: world.team, format: 'sig' });
  await makeImage(world.destination, name, 'unsigned', { label: 'unsigned' });
  world.policies(policy({ images: '*/odd/*', keys: [world.team], failurePolicy: 'Ignore' }));
});
afterEach(() => world.close());

const ask = (tag: string, host = world.registry.host) => world.send('/mutate', review(pod([`${host}/${name}:${tag}`])));

async function expectAsEver(host?: string): Promise<void> {
  expect(await ask('signed', host)).toMatchObject({ allowed: true, warnings: [] });
  const unsigned = await ask('unsigned', host);
  expect(unsigned).toMatchObject({ allowed: false, code: 403 });
  expect(unsigned.message).toContain('denied (no-signature)');
}

/** A proxy in front of the world's registry. */
async function through(
  change: (answer: IncomingMessage, body: Buffer, response: ServerResponse) => void,
  work: (host: string) => Promise<void>,
): Promise<void> {
  const { port } = world.registry;
  const proxy = createServer((incoming, response) => {
    const { method, url: path, headers } = incoming;
    forward({ host: '127.0.0.1', port, method, path, headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      change(answer, Buffer.concat(chunks), response);
    }).end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    await work(`127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  } finally {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  }
}

test('a proxy that packs whatever is asked', async () => {
  const pack = ({ statusCode = 0, headers }: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const packed = gzipSync(body);
    const more = { 'content-encoding': 'gzip', 'content-length': packed.length };
    response.writeHead(statusCode, { ...headers, ...more }).end(packed);
  };
  await through(pack, expectAsEver);
});

test('a proxy that sends its headers twice', async () => {
  const twice = ({ statusCode = 0, headers }: IncomingMessage, body: Buffer, response: ServerResponse) => {
    for (const header of ['content-type', 'docker-content-digest']) {
      const value = String(headers[header] ?? '');
      response.setHeader(header, [value, value]);
    }
    response.writeHead(statusCode).end(body);
  };
  await through(twice, expectAsEver);
});

test('a proxy that adds the digest of something else', async () => {
  const other = ({ statusCode = 0, headers }: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const digests = [headers['docker-content-digest'] ?? '', `sha256:${'a'.repeat(64)}`];
    response.writeHead(statusCode, { ...headers, 'docker-content-digest': digests.flat() }).end(body);
  };
  await through(other, async (host) => {
    const answer = await ask('signed', host);
    expect(answer).toMatchObject({ allowed: false, message: expect.stringContaining('denied (digest-mismatch)') });
  });
});

test.each([401, 403, 404])('a registry that challenges at /v2/ alone, and answers strangers %i', async (status) => {
  world.registry.settings.auth = { scheme: 'bearer', user: 'robot', password: 'pass-word' };
  world.registry.settings.intercept = on({ name }, ({ authorization }) =>
    authorization === undefined ? { kind: 'status', status } : undefined,
  );
  const stranger = await ask('signed');
  expect(stranger.message || stranger.warnings.join()).toContain(
    status === 404 ? 'denied (image-not-found)' : 'registry-unauthorized',
  );
  credentials = parseDockerConfig(
    JSON.stringify({ auths: { [world.registry.host]: { username: 'robot', password: 'pass-word' } } }),
  );
  world.registry.requests.length = 0;
  await expectAsEver();
  expect(world.registry.count({ kind: 'ping' })).toBe(1);
});

test('a signature of Tekton Chains', async () => {
  const repository = 'odd/tekton';
  const digest = await makeImage(world.destination, repository, '1', { label: 'tekton' });
  const claim = { type: 'Tekton container signature' };
  await sign(world.destination, { repository, digest, key: world.team, format: 'sig', claim });
  const send = () => world.send('/mutate', review(pod([`${world.registry.host}/${repository}:1`])));
  expect(await send()).toMatchObject({ allowed: true, warnings: [] });
  world.policies(policy({ images: '*/odd/*', keys: [world.stranger] }));
  expect(await send()).toMatchObject({ allowed: false, message: expect.stringContaining('signature-mismatch') });
});
