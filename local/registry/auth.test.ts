import { type Dispatcher, request } from 'undici';
import { type LocalRegistry, mediaTypes, startRegistry } from './server.ts';

const path = '/v2/demo/app/manifests/1.0';
const alice = basic('alice', 'open:sesame');

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

async function get(url: string, authorization?: string, options: Partial<Dispatcher.RequestOptions> = {}) {
  const { statusCode, headers, body } = await request(url, {
    headers: authorization === undefined ? {} : { authorization },
    ...options,
  });
  return { status: statusCode, challenge: String(headers['www-authenticate'] ?? ''), text: await body.text() };
}

async function pull(registry: LocalRegistry, authorization?: string) {
  return get(`${registry.url}${path}`, authorization);
}

function store(registry: LocalRegistry): LocalRegistry {
  registry.store.putManifest('demo/app', { schemaVersion: 2, mediaType: mediaTypes.manifest }, { tag: '1.0' });
  return registry;
}

test('basic: the right password, and no other', async () => {
  await using registry = store(
    await startRegistry({ auth: { scheme: 'basic', user: 'alice', password: 'open:sesame' } }),
  );
  expect((await pull(registry, alice)).status).toBe(200);
  const refused = await pull(registry);
  expect(refused.status).toBe(401);
  expect(refused.challenge).toMatch(/^Basic realm=/);
  expect((await pull(registry, basic('alice', 'open'))).status).toBe(401);
});

describe('bearer', () => {
  test('the challenge names the realm and the scope; the token from there opens this repository alone', async () => {
    await using registry = store(
      await startRegistry({ auth: { scheme: 'bearer', user: 'alice', password: 'open:sesame' } }),
    );
    const { status, challenge } = await pull(registry);
    expect(status).toBe(401);
    expect(challenge).toBe(
      `Bearer realm="${registry.tokenUrl}",service="registry.local",scope="repository:demo/app:pull"`,
    );
    expect(new URL(registry.tokenUrl).host).toBe(registry.host);
    // By the name that the client used: what Go's clients insist on.
    const byName = `localhost:${registry.port}`;
    expect((await get(`http://${byName}${path}`)).challenge).toContain(`realm="http://${byName}/token"`);
    const asked = `${registry.tokenUrl}?service=registry.local&scope=repository:demo/app:pull`;
    expect((await get(asked)).status).toBe(401);
    expect((await get(asked, basic('alice', 'wrong'))).status).toBe(401);
    const { token, expires_in } = JSON.parse((await get(asked, alice)).text);
    expect(expires_in).toBe(300);
    expect((await pull(registry, `Bearer ${token}`)).status).toBe(200);
    const elsewhere = await get(`${registry.url}/v2/demo/other/manifests/1.0`, `Bearer ${token}`);
    expect(elsewhere.challenge).toContain('error="insufficient_scope"');
    const push = await get(`${registry.url}${path}`, `Bearer ${token}`, { method: 'PUT' });
    expect(push.challenge).toContain('scope="repository:demo/app:pull,push"');
    expect(registry.count({ kind: 'token' })).toBe(3);
  });

  test('tokens from a second origin, for everybody to pull with, until they expire', async () => {
    let now = new Date('2026-11-24T12:00:00Z');
    await using registry = store(
      await startRegistry({
        now: () => now,
        auth: {
          scheme: 'bearer',
          user: 'alice',
          password: 'open:sesame',
          anonymousPull: true,
          tokenOrigin: 'second',
          lifetimeSeconds: 60,
        },
      }),
    );
    expect(new URL(registry.tokenUrl).host).not.toBe(registry.host);
    const asked = `${registry.tokenUrl}?scope=repository:demo/app:pull,push`;
    const { token } = JSON.parse((await get(asked)).text);
    expect((await pull(registry, `Bearer ${token}`)).status).toBe(200);
    const push = await get(`${registry.url}${path}`, `Bearer ${token}`, { method: 'DELETE' });
    expect(push.status).toBe(401);
    now = new Date('2026-11-24T12:01:00Z');
    const late = await pull(registry, `Bearer ${token}`);
    expect(late.status).toBe(401);
    expect(late.challenge).toContain('error="invalid_token"');
  });

  test('a refresh token is exchanged by POST', async () => {
    await using registry = store(
      await startRegistry({ auth: { scheme: 'bearer', user: 'alice', password: 'x', refreshToken: 'refresh-me' } }),
    );
    const exchange = (refreshToken: string) =>
      get(registry.tokenUrl, undefined, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: `grant_type=refresh_token&refresh_token=${refreshToken}&scope=repository:demo/app:pull&service=registry.local`,
      });
    expect((await exchange('guessed')).status).toBe(401);
    const { access_token } = JSON.parse((await exchange('refresh-me')).text);
    expect((await pull(registry, `Bearer ${access_token}`)).status).toBe(200);
  });

  test('a realm of the attacker’s choice, and a token that nobody asked for', async () => {
    await using registry = store(
      await startRegistry({ auth: { scheme: 'bearer', realm: 'http://169.254.169.254/token' } }),
    );
    expect((await pull(registry)).challenge).toContain('realm="http://169.254.169.254/token"');
    const token = registry.issueToken(['repository:demo/app:pull']);
    expect((await pull(registry, `Bearer ${token}`)).status).toBe(200);
  });
});
