import type { LookupFunction } from 'node:net';
import { type LocalRegistry, on, startRegistry } from '../../local/registry/server.ts';
import { newKey } from '../../local/signer/keys.ts';
import { makeImage, sign, storeDestination } from '../../local/signer/signer.ts';
import { pod, policy, review } from '../e2e/harness.ts';
import { type Deployed, type DeployedOptions, deploy } from './deployed.ts';
import { type Eavesdropper, eavesdrop } from './eavesdropper.ts';

const team = newKey();
const name = 'team/app';
let registry: LocalRegistry;
let neighbour: Eavesdropper;
const opened: Deployed[] = [];

beforeEach(async () => {
  [registry, neighbour] = await Promise.all([startRegistry(), eavesdrop()]);
  const destination = storeDestination(registry);
  const digest = await makeImage(destination, name, 'v1');
  await sign(destination, { repository: name, digest, key: team });
});
afterEach(async () => {
  await Promise.all([registry.close(), neighbour.close(), ...opened.splice(0).map((each) => each.close())]);
});

/** As deployed: only the registry's own host and port are granted their address on loopback. */
function open(
  options: Partial<DeployedOptions> & { lookup?: LookupFunction; failurePolicy?: 'Fail' | 'Ignore' } = {},
): Deployed {
  const { lookup, failurePolicy = 'Ignore', ...more } = options;
  const deployed = deploy({
    policies: [policy({ images: ['*', `${registry.host}/*`], keys: [team], failurePolicy })],
    door: {
      addresses: [{ ranges: ['127.0.0.0/8'], hosts: [registry.host] }],
      allowHttp: [registry.host],
      ...(lookup === undefined ? {} : { lookup }),
    },
    ...more,
  });
  opened.push(deployed);
  return deployed;
}

const ask = (deployed: Deployed, image: string) => deployed.send(review(pod([image])));
const own = (suffix = ':v1') => `${registry.host}/${name}${suffix}`;

test('the registry that is granted is called, and its signed image admitted', async () => {
  expect((await ask(open(), own())).allowed).toBe(true);
});

describe('the setting registries', () => {
  test('an image on a host that is not listed is denied without a request, also under Ignore', async () => {
    const hosts = new Set(['ghcr.io', registry.host]);
    for (const image of [
      `${neighbour.host}/${name}:v1`,
      `localhost:${registry.port}/${name}:v1`,
      'ghcr.io.evil.test/a:v1',
      'nginx',
    ]) {
      const answer = await ask(open({ hosts }), image);
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('(host-refused)');
    }
    expect([neighbour.heard.length, registry.count()]).toEqual([0, 0]);
    expect((await ask(open({ hosts }), own())).allowed).toBe(true);
  });
});

describe('an image that names an address', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '127.0.0.1',
    '127.0.0.1:9001',
    'localhost',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1:5000',
    '192.168.1.1',
    '100.64.0.1',
    '[::1]:5000',
    '[fd00:ec2::254]',
    '[fe80::1]',
    '[::ffff:a00:1]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b::a00:1]',
    '[2002:a9fe:a9fe::]',
    '[::]:80',
    '255.255.255.255',
    '224.0.0.1',
  ])('%s: denied as address-refused, also under Ignore', async (host) => {
    const answer = await ask(open(), `${host}/app:v1`);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('(address-refused)');
  });

  // Resolvers take them for addresses; as references they are refused before anything is resolved.
  test.each([
    '127.1',
    '0x7f.1',
    '0x7f000001:80',
    '2130706433:80',
    '0177.0.0.1',
    '127.0.0.1.',
    '169.254.169.254.:80',
    '1.2.3',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::169.254.169.254]',
  ])('%s: denied as no reference, also under Ignore', async (host) => {
    const answer = await ask(open(), `${host}/app:v1`);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('(image-unparsable)');
  });

  test.each([
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:10.0.0.1'],
    ['1.1.1.1', '10.0.0.1'],
    ['2606:4700::1111', 'fd00::1'],
  ])('a name that resolves to %j, %s: denied, also under Ignore', async (...addresses) => {
    const lookup: LookupFunction = (_, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    const answer = await ask(open({ lookup }), 'rebound.test/app:v1');
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('(address-refused)');
  });

  test('another port of the granted host is not granted', async () => {
    const answer = await ask(open(), `${neighbour.host}/${name}:v1`);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(neighbour.heard).toEqual([]);
  });
});

describe('a registry that sends us inside', () => {
  const targets = () => [
    'http://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254/',
    'http://[::ffff:169.254.169.254]/',
    'http://0x7f000001/',
    'http://127.1:9001/2018-06-01/runtime/invocation/next',
    'https://10.0.0.1/',
    'https://[64:ff9b::a00:1]/',
    'https://localhost/',
    neighbour.url,
    'ftp://public.test/',
  ];

  test('by a redirect: unavailable and redirect-refused, which Ignore lets pass with a warning', async () => {
    const answers: [string, Awaited<ReturnType<typeof ask>>, Awaited<ReturnType<typeof ask>>][] = [];
    for (const to of targets()) {
      registry.settings.intercept = on({ kind: 'manifest', reference: 'v1' }, { kind: 'redirect', to });
      answers.push([to, await ask(open({ failurePolicy: 'Fail' }), own()), await ask(open(), own())]);
    }
    for (const [to, failing, ignoring] of answers) {
      expect([to, failing.code, failing.message.includes('(redirect-refused)')]).toEqual([to, 503, true]);
      expect([to, ignoring.allowed, ignoring.warnings.join().includes('redirect-refused')]).toEqual([to, true, true]);
    }
    expect(neighbour.heard).toEqual([]);
    registry.settings.intercept = on(
      { kind: 'manifest', reference: 'v1' },
      { kind: 'redirect', to: `/v2/${name}/manifests/v2` },
    );
    registry.store.tag(name, 'v2', registry.store.manifest(name, 'v1')?.digest ?? ('' as never));
    expect((await ask(open({ failurePolicy: 'Fail' }), own())).allowed).toBe(true);
  });

  test('by a token realm: the same', async () => {
    for (const realm of targets()) {
      registry.settings.auth = { scheme: 'bearer', realm };
      const answer = await ask(open({ failurePolicy: 'Fail' }), own());
      expect([realm, answer.code, answer.message.includes('(redirect-refused)')]).toEqual([realm, 503, true]);
    }
    expect(neighbour.heard).toEqual([]);
    registry.settings.auth = { scheme: 'bearer' };
    expect((await ask(open({ failurePolicy: 'Fail' }), own())).allowed).toBe(true);
  });

  test('by a Link to the next page: the listing is unavailable, and nobody is asked', async () => {
    const index = 'application/vnd.oci.image.index.v1+json';
    registry.settings.intercept = on(
      { kind: 'referrers' },
      {
        kind: 'body',
        body: JSON.stringify({ schemaVersion: 2, mediaType: index, manifests: [] }),
        headers: { 'content-type': index, link: `<${neighbour.url}/next>; rel=next` },
      },
    );
    const answer = await ask(open({ failurePolicy: 'Fail' }), own());
    expect(answer.code).toBe(503);
    expect(answer.message).toContain('(redirect-refused)');
    expect(neighbour.heard).toEqual([]);
  });

  test('by a Link of its own whose path begins with two slashes: the path is asked for at the registry itself', async () => {
    const index = 'application/vnd.oci.image.index.v1+json';
    const link = `<http://${registry.host}//${neighbour.host}/inside?x>; rel=next`;
    const body = JSON.stringify({ schemaVersion: 2, mediaType: index, manifests: [] });
    registry.settings.intercept = on({ kind: 'referrers' }, ({ path }) =>
      path.startsWith('/v2/') ? { kind: 'body', body, headers: { 'content-type': index, link } } : undefined,
    );
    for (const addresses of ['any', undefined] as const) {
      const deployed = open({ failurePolicy: 'Fail', ...(addresses && { door: { addresses } }) });
      const answer = await ask(deployed, own());
      expect(answer.code).toBe(403);
      expect(answer.message).toContain('(content-missing)');
    }
    expect(registry.requests.filter(({ path }) => path === `//${neighbour.host}/inside?x`)).toHaveLength(2);
    expect(neighbour.heard).toEqual([]);
  });
});
