import { on, type RegistryOptions } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Repository } from '../../shared/image/repository.ts';
import { parseDockerConfig } from '../../shared/registry/credentials.ts';
import { openWorld, pod, policy, review, type WorldOptions } from '../e2e/harness.ts';
import { basicAuth, bearerAuth, canary } from './canary.ts';

const login = { username: canary.user, password: canary.password };
const name = 'team/app';

async function open(options: WorldOptions) {
  const world = await openWorld(options);
  return Object.assign(world, { [Symbol.asyncDispose]: () => world.close() });
}

describe('what a registry or a credential file holds never reaches an answer, a log line or the audit log', () => {
  const body = 'BODY-CANARY secret=hunter2';
  const html = { kind: 'status', headers: { 'content-type': 'text/html' }, body: `<html>${body}</html>` } as const;
  const manifest = { kind: 'manifest', reference: 'v1' } as const;
  const isAttached = ({ kind }: { kind: string }) => kind === 'blob' || kind === 'referrers';
  const realm = 'https://realm-canary.invalid/token?BODY-CANARY';
  const index = 'application/vnd.oci.image.index.v1+json';
  const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

  const scenarios: Record<string, RegistryOptions> = {
    'it is admitted': { auth: basicAuth },
    'it is admitted with a bearer token': { auth: bearerAuth },
    'Basic is refused': { auth: { ...basicAuth, password: 'another' } },
    'the token server refuses': { auth: { ...bearerAuth, password: 'another' } },
    'a realm that does not resolve': { auth: { ...bearerAuth, realm } },
    'a realm over HTTP with a user': {
      auth: { ...bearerAuth, realm: 'http://canary-user:canary-password@realm-canary.invalid' },
    },
    'a realm that is no URL': { auth: { ...bearerAuth, realm: 'realm-canary BODY-CANARY' } },
    'a token that is none': { auth: bearerAuth, intercept: on({ kind: 'token' }, { kind: 'body', body }) },
    'a token server that fails': { auth: bearerAuth, intercept: on({ kind: 'token' }, { ...html, status: 500 }) },
    'a token server that redirects': {
      auth: bearerAuth,
      intercept: on({ kind: 'token' }, { kind: 'redirect', to: 'http://169.254.169.254/realm-canary' }),
    },
    'a page for a manifest': { intercept: on(manifest, { kind: 'body', body, headers: { 'content-type': index } }) },
    'a type that is text': {
      intercept: on(manifest, {
        kind: 'body',
        body: JSON.stringify({ schemaVersion: 2, mediaType: body, layers: [], config: {} }),
      }),
    },
    'a type that is other text than it is served as': {
      intercept: on(manifest, {
        kind: 'body',
        body: JSON.stringify({ schemaVersion: 2, mediaType: body, layers: [], config: {} }),
        headers: { 'content-type': ociManifest },
      }),
    },
    'a Content-Type that is text': {
      intercept: on(manifest, { kind: 'body', body, headers: { 'content-type': body } }),
    },
    'a digest header that is text': {
      intercept: on(manifest, {
        kind: 'body',
        body,
        headers: { 'content-type': ociManifest, 'docker-content-digest': body },
      }),
    },
    'a redirect to a name': {
      intercept: on(manifest, { kind: 'redirect', to: 'https://redirect-canary.invalid/BODY-CANARY' }),
    },
    'a redirect that is no URL': { intercept: on(manifest, { kind: 'redirect', to: 'https://[BODY-CANARY' }) },
    'a redirect with a user': {
      intercept: on(manifest, { kind: 'redirect', to: 'https://canary-user:canary-password@x.invalid/' }),
    },
    'a link elsewhere': {
      intercept: on(
        { kind: 'referrers' },
        {
          kind: 'body',
          body: JSON.stringify({ schemaVersion: 2, manifests: [] }),
          headers: { 'content-type': index, link: '<https://redirect-canary.invalid/>; rel=next' },
        },
      ),
    },
    'pages for what is attached': {
      intercept: (request) => (isAttached(request) ? { ...html, status: 200 } : undefined),
    },
  };
  for (const status of [400, 401, 403, 404, 408, 418, 429, 500, 503]) {
    scenarios[`${status} with a body and a challenge`] = {
      intercept: on(manifest, {
        ...html,
        status,
        headers: { 'www-authenticate': `Bearer realm="${realm}"`, 'retry-after': body },
      }),
    };
    scenarios[`${status} for what is attached`] = {
      intercept: (request) => (isAttached(request) ? { ...html, status } : undefined),
    };
  }

  test.each(Object.entries(scenarios))('%s', async (scenario, settings) => {
    let auths = {};
    // The config is read once the registry's port is known.
    const credentials = {
      find: (asked: Repository) => parseDockerConfig(JSON.stringify({ auths })).find(asked),
      warnings: [],
    };
    await using world = await open({ core: { credentials } });
    Object.assign(world.registry.settings, settings);
    const secrets = [...Object.values(canary), 'BODY-CANARY', 'hunter2', 'realm-canary', 'redirect-canary'];
    const encoded = [`${canary.user}:${canary.password}`, ...secrets].map((text) =>
      Buffer.from(text).toString('base64'),
    );
    for (const entry of [login, { ...login, identitytoken: canary.identity }]) {
      auths = { [world.registry.host]: entry };
      const digest = await makeImage(world.destination, name, 'v1');
      await sign(world.destination, { repository: name, digest, key: world.team });
      const image = `${world.registry.host}/${name}:v1`;
      for (const failurePolicy of ['Fail', 'Ignore'] as const) {
        world.policies(policy({ images: '*', keys: [world.team], failurePolicy }));
        for (const path of ['/mutate', '/validate']) {
          const response = await world.send(path, review(pod([image])));
          expect(response.statusCode).toBe(200);
          const seen = [
            response.body,
            response.message,
            JSON.stringify(response.patch),
            JSON.stringify(world.records),
          ].join('\n');
          for (const secret of [...secrets, ...encoded]) expect(seen).not.toContain(secret);
          if (scenario.startsWith('it is admitted') && path === '/mutate') expect(response.allowed).toBe(true);
        }
      }
    }
    expect(world.records.length).toBe(8);
  });
});
