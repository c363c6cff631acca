import type { LookupFunction } from 'node:net';
import { on, type RegistryOptions } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { selfSigned } from '../../local/tls.ts';
import { evidenceKinds } from '../../shared/evidence/kinds.ts';
import { parseDigest } from '../../shared/image/digest.ts';
import { startDeadline } from '../../shared/net/deadline.ts';
import type { Door } from '../../shared/net/door.ts';
import { createRegistry } from '../../shared/registry/create.ts';
import {
  type Credential,
  type Credentials,
  noCredentials,
  parseDockerConfig,
} from '../../shared/registry/credentials.ts';
import { openWorld, pod, policy, review, type World } from '../e2e/harness.ts';
import { basicAuth, bearerAuth, canary } from './canary.ts';
import { deploy } from './deployed.ts';
import { type Eavesdropper, eavesdrop } from './eavesdropper.ts';

const name = 'team/app';

let world: World;
let stranger: Eavesdropper;
let credentials: Credentials;
/** The config is read once the registry's port is known. */
const lazily: Credentials = { find: (repository) => credentials.find(repository), warnings: [] };
const names = [
  'ghcr.io',
  'evil-ghcr.io',
  'hcr.io',
  'sub.ghcr.io',
  'ghcr.io.evil.test',
  'a.corp.test',
  'a.b.corp.test',
  'corp.test',
];
const toLoopback: LookupFunction = (_, { all }, callback) => {
  if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

async function open(registry: RegistryOptions = {}): Promise<void> {
  world = await openWorld({
    registry,
    core: { credentials: lazily, door: { addresses: 'any', allowHttp: names, lookup: toLoopback } },
  });
}
beforeEach(async () => {
  credentials = noCredentials;
  stranger = await eavesdrop();
});
afterEach(async () => {
  await Promise.all([world?.close(), stranger.close()]);
});

const configFor = (hosts: Readonly<Record<string, object>>) => parseDockerConfig(JSON.stringify({ auths: hosts }));
const login = { username: canary.user, password: canary.password };
const admit = (image: string) => world.send('/mutate', review(pod([image])));

/** A signed image in the world's registry, admitted under any of the registry's names. */
async function signedImage(path = name) {
  // Each host is named: what fails there is the registry's failure, not its author's choice.
  const hosts = [world.registry.host, stranger.host, ...names.map((host) => `${host}:${world.registry.port}`)];
  world.policies(policy({ images: ['*', ...hosts.map((host) => `${host}/*`)], keys: [world.team] }));
  const digest = await makeImage(world.destination, path, 'v1');
  await sign(world.destination, { repository: path, digest, key: world.team });
  return digest;
}

function expectNothingHeard(): void {
  const text = stranger.heard.join('\n\n');
  expect(text).not.toMatch(/authorization|canary/i);
  for (const secret of Object.values(canary))
    expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, -4));
}

describe('S1 CVE-2026-59891: the host of a credential is matched as a substring', () => {
  test.each([
    ['ghcr.io', 'ghcr.io', ['evil-ghcr.io', 'hcr.io', 'sub.ghcr.io', 'ghcr.io.evil.test']],
    ['*.corp.test', 'a.corp.test', ['a.b.corp.test', 'corp.test', 'ghcr.io.evil.test']],
  ])('the credential of %s goes to %s and to none of %j', async (key, right, others) => {
    await open({ auth: basicAuth });
    credentials = configFor({ [`${key}:${world.registry.port}`]: login });
    await signedImage();
    for (const host of others) {
      expect(await admit(`${host}:${world.registry.port}/${name}:v1`)).toMatchObject({ allowed: false, code: 503 });
    }
    expect(world.registry.count()).toBeGreaterThanOrEqual(others.length);
    expect(world.registry.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect((await admit(`${right}:${world.registry.port}/${name}:v1`)).allowed).toBe(true);
  });

  test('nor to another port of its host, nor beside its path', async () => {
    await open({ auth: basicAuth });
    const { port } = world.registry;
    credentials = configFor({ [`127.0.0.1:${port}/team`]: login });
    await signedImage();
    await signedImage('team2/app');
    stranger.reply = () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
    expect(await admit(`${stranger.host}/${name}:v1`)).toMatchObject({ allowed: false, code: 503 });
    expect(stranger.heard.length).toBeGreaterThan(0);
    expectNothingHeard();
    expect(await admit(`127.0.0.1:${port}/team2/app:v1`)).toMatchObject({ allowed: false, code: 503 });
    expect(world.registry.requests.some(({ authorization }) => authorization !== undefined)).toBe(false);
    expect((await admit(`127.0.0.1:${port}/${name}:v1`)).allowed).toBe(true);
  });
});

describe('S2 GHSA-vh4v, CVE-2026-50151, GO-2026-5822: credentials that go along with a redirect', () => {
  test.each([301, 302, 303, 307, 308] as const)(
    '%d of a manifest and of blobs to another port: followed, and without the credential',
    async (status) => {
      await open({ auth: basicAuth });
      credentials = configFor({ [world.registry.host]: login });
      const digest = await signedImage();
      const { store, settings } = world.registry;
      stranger.reply = ({ url = '' }) => {
        const reference = url.split('/').at(-1) ?? '';
        const blob = parseDigest(reference);
        const manifest = store.manifest(name, reference);
        if (manifest !== undefined) return { body: manifest.bytes, headers: { 'content-type': manifest.mediaType } };
        return { body: (blob && store.blob(name, blob)) ?? '' };
      };
      settings.intercept = ({ kind, path, reference, authorization }) =>
        authorization !== undefined && (kind === 'blob' || reference === 'v1')
          ? { kind: 'redirect', to: `${stranger.url}${path}`, status }
          : undefined;
      const response = await admit(`${world.registry.host}/${name}:v1`);
      expect(response.patch[0]?.value).toContain(digest);
      expect(stranger.heard.length).toBe(2);
      expectNothingHeard();
    },
  );

  test('a host that was redirected to and asks for a login gets none', async () => {
    await open({ auth: basicAuth });
    credentials = configFor({ [world.registry.host]: login });
    await signedImage();
    for (const challenge of ['Basic realm="x"', `Bearer realm="${stranger.url}/token",service="x"`]) {
      stranger.reply = ({ url }) =>
        url?.startsWith('/token')
          ? { body: '{"token":"abc"}' }
          : { status: 401, headers: { 'www-authenticate': challenge } };
      world.registry.settings.intercept = on(
        { kind: 'manifest', reference: 'v1' },
        { kind: 'redirect', to: `${stranger.url}/x` },
      );
      expect(await admit(`${world.registry.host}/${name}:v1`)).toMatchObject({ allowed: false, code: 503 });
    }
    // An anonymous bearer token of its own making is all that it may see again.
    expect(stranger.heard.join().replaceAll('authorization: Bearer abc', '')).not.toMatch(/authorization|canary/i);
  });

  test('a bounce to a stranger and back does not bring the credential back', async () => {
    await open({ auth: basicAuth });
    credentials = configFor({ [world.registry.host]: login });
    await signedImage();
    stranger.reply = () => ({
      status: 307,
      headers: { location: `${world.registry.url}/v2/${name}/manifests/bounced` },
    });
    world.registry.settings.intercept = on({ kind: 'manifest', reference: 'v1' }, ({ authorization }) =>
      authorization === undefined ? undefined : { kind: 'redirect', to: `${stranger.url}/x` },
    );
    // The registry takes the credential at `/v2/`, and refuses the image without it.
    expect(await admit(`${world.registry.host}/${name}:v1`)).toMatchObject({ allowed: false, code: 403 });
    expectNothingHeard();
    const bounced = world.registry.requests.filter(({ reference }) => reference === 'bounced');
    expect(bounced.length).toBeGreaterThan(0);
    expect(bounced.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  test('a redirect within the same scheme, host and port keeps it', async () => {
    await open({ auth: basicAuth });
    credentials = configFor({ [world.registry.host]: login });
    const digest = await signedImage();
    const to = `/v2/${name}/manifests/${digest}`;
    world.registry.settings.intercept = on({ kind: 'manifest', reference: 'v1' }, { kind: 'redirect', to });
    expect((await admit(`${world.registry.host}/${name}:v1`)).allowed).toBe(true);
  });

  test('CVE-2019-10214: a registry over TLS sends nobody to plain HTTP, by a redirect or by a realm', async () => {
    const { keyPem, certPem } = await selfSigned();
    await open({ tls: { keyPem, certPem }, auth: bearerAuth });
    credentials = configFor({ [world.registry.host]: login });
    await signedImage();
    const door = { addresses: 'any', ca: { [world.registry.host]: certPem } } as const;
    const policies = [policy({ images: '*', keys: [world.team] })];
    const pods = review(pod([`${world.registry.host}/${name}:v1`]));
    const send = async () => {
      const deployed = deploy({ policies, door, credentials });
      const answer = await deployed.send(pods);
      await deployed.close();
      return answer;
    };
    expect((await send()).allowed).toBe(true);
    world.registry.settings.auth = { ...bearerAuth, realm: `${stranger.url}/token` };
    expect((await send()).message).toContain('redirect-refused');
    world.registry.settings.auth = undefined;
    world.registry.settings.intercept = on({ kind: 'manifest' }, { kind: 'redirect', to: `${stranger.url}/x` });
    expect((await send()).message).toContain('redirect-refused');
    expect(stranger.heard).toEqual([]);
  });
});

describe('S2 CVE-2026-48978: a challenge that names a realm of somebody else', () => {
  const kinds: Readonly<Record<string, object>> = {
    'user and password': login,
    'an identity token': { ...login, identitytoken: canary.identity },
  };

  test.each(Object.entries(kinds))(
    '%s: not for another realm, nor for a redirect of the own one; for the own realm',
    async (_, entry) => {
      await open({ auth: { ...bearerAuth, realm: '' } });
      credentials = configFor({ [world.registry.host]: entry });
      await signedImage();
      stranger.reply = () => ({ body: JSON.stringify({ token: 'worthless' }) });
      world.registry.settings.auth = { ...bearerAuth, realm: `${stranger.url}/token` };
      const answer = await admit(`${world.registry.host}/${name}:v1`);
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('which the token server there may not have');
      expect(stranger.heard.length).toBeGreaterThan(0);
      expectNothingHeard();

      world.registry.settings.auth = bearerAuth;
      world.registry.settings.intercept = on({ kind: 'token' }, { kind: 'redirect', to: `${stranger.url}/token` });
      expect(await admit(`${world.registry.host}/${name}:v1`)).toMatchObject({ allowed: false });
      expectNothingHeard();
      world.registry.settings.intercept = undefined;
      expect((await admit(`${world.registry.host}/${name}:v1`)).allowed).toBe(true);
    },
  );

  test('a token for the registry itself is never shown to a realm', async () => {
    await open({ auth: { ...bearerAuth, realm: `${stranger.url}/token` } });
    credentials = configFor({ [world.registry.host]: { registrytoken: canary.registry } });
    await signedImage();
    expect(await admit(`${world.registry.host}/${name}:v1`)).toMatchObject({ allowed: false, code: 503 });
    expect(stranger.heard).toEqual([]);
    const registrytoken = world.registry.issueToken([`repository:${name}:pull`]);
    credentials = configFor({ [world.registry.host]: { registrytoken } });
    expect((await admit(`${world.registry.host}/${name}:v1`)).allowed).toBe(true);
  });

  test.each([
    'http://169.254.169.254/latest/api/token',
    'http://[::ffff:169.254.169.254]/token',
    'http://[64:ff9b::a9fe:a9fe]/token',
    'http://0.0.0.0/token',
    'https://canary-user:x@127.0.0.1/token',
    'file:///etc/passwd',
    '/token',
    '',
  ])('the realm %j is refused without a request', async (realm) => {
    await open({ auth: { ...bearerAuth, realm } });
    credentials = configFor({ [world.registry.host]: login });
    await signedImage();
    const response = await admit(`${world.registry.host}/${name}:v1`);
    expect(response).toMatchObject({ allowed: false, code: 503 });
    expect(response.message).toContain('redirect-refused');
    world.registry.settings.auth = bearerAuth;
    expect((await admit(`${world.registry.host}/${name}:v1`)).allowed).toBe(true);
  });
});

describe('S3 CVE-2025-27403: a cloud credential for a host that only looks like the cloud', () => {
  /** The headers under which a registry of this name is asked first, by someone who holds a credential for it. */
  async function firstHeaders(registry: string): Promise<Readonly<Record<string, string>>> {
    let first: Readonly<Record<string, string>> | undefined;
    const door: Door = {
      origin: async (host) => `https://${host}`,
      request: async (url, request) => {
        first ??= request.headers ?? {};
        return { status: 404, url, header: () => undefined, read: async () => Buffer.alloc(0), discard() {} };
      },
      close: async () => undefined,
    };
    const credential: Credential = { kind: 'basic', username: 'AWS', password: canary.password };
    const clock = () => 0;
    const spending = { deadline: startDeadline(1000, clock), take() {}, sent() {}, review: {}, waited() {} };
    const asked = createRegistry({
      door,
      credentials: { find: () => credential },
      clock,
      elapsed: clock,
      kinds: evidenceKinds,
    });
    await asked.resolve({ registry, path: name }, 'v1', spending).catch(() => undefined);
    return first ?? {};
  }

  test.each([
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    '123456789012.dkr-ecr.eu-west-1.on.aws',
    '123456789012.dkr-ecr-fips.us-east-1.on.aws',
    '123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn',
  ])('%s is given it unasked', async (registry) => {
    expect((await firstHeaders(registry))['authorization']).toMatch(/^Basic /);
  });

  test.each([
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.io',
    'evil.123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    'x123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443',
    '123456789012.dkr.ecr.evil.io.amazonaws.com',
    '123456789012.dkrxecr.eu-west-1.amazonaws.com',
    '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
    'public.ecr.aws',
    'registry.test',
  ])('%s is not', async (registry) => {
    expect(await firstHeaders(registry)).not.toHaveProperty('authorization');
  });
});

describe('S4 (Kyverno CVE-2026-4789, CVE-2026-41323, CVE-2026-40868): requests and secrets that a policy names', () => {
  const withContext = (context: string) =>
    policy({ images: '*' }).replace('      verifyImages:', `      context: [${context}]\n      verifyImages:`);

  test.each([
    '{name: x, apiCall: {urlPath: /api/v1/secrets}}',
    '{name: x, apiCall: {service: {url: "http://169.254.169.254/"}}}',
    '{name: x, globalReference: {name: secrets}}',
  ])('the context %s is refused at load, a rule without it loads', async (context) => {
    await open();
    expect(() => world.policies(withContext(context))).toThrow('asks a cluster, and Countersign runs in none');
    expect(() => world.policies(policy({ images: '*' }))).not.toThrow();
  });

  test('the context asks for the credentials of no registry', async () => {
    await open();
    const registry = (more: string) => withContext(`{name: x, imageRegistry: {reference: registry.test/x${more}}}`);
    const secrets = ', imageRegistryCredentials: {secrets: [kube-system/pull]}';
    expect(() => world.policies(registry(secrets))).toThrow('not supported yet');
    expect(() => world.policies(registry(''))).not.toThrow();
  });

  test('the policy of one namespace reads no ConfigMap of another, and that of its own', async () => {
    await open();
    const image = `${world.registry.host}/${name}:v1`;
    const digest = await makeImage(world.destination, name, 'v1');
    await sign(world.destination, { repository: name, digest, key: world.team });
    const publicKeys = JSON.stringify(world.team.publicKeyPem);
    const keysIn = (namespace: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys, namespace: ${namespace}}\ndata: {team: ${publicKeys}}\n`;
    const signedBy = (namespace: string) =>
      policy({
        images: `${world.registry.host}/*`,
        attestors: [{ entries: [{ keys: { publicKeys: '{{ keys.data.team }}', rekor: { ignoreTlog: true } } }] }],
      })
        .replace('ClusterPolicy', 'Policy')
        .replace('  name: signed', '  name: signed\n  namespace: default')
        .replace(
          '      verifyImages:',
          `      context: [{name: keys, configMap: {name: keys, namespace: ${namespace}}}]\n      verifyImages:`,
        );
    world.policies(signedBy('other'), keysIn('other'));
    expect((await admit(image)).message).toContain('is in another namespace, "other", than the policy');
    world.policies(signedBy('default'), keysIn('default'));
    expect(await admit(image)).toMatchObject({ allowed: true });
  });
});
