import { startServer, type TestServer } from '../net/testing/server.ts';
import { spending } from '../net/testing/spending.ts';
import type { RegistrySettings } from './create.ts';
import type { Credential } from './credentials.ts';
import { type Bearer, bearer } from './testing/bearer.ts';
import { type Setup, setUp } from './testing/setup.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(credential?: Credential, more: Partial<RegistrySettings> = {}): Promise<Setup & { auth: Bearer }> {
  const it = await setUp({ credentials: { find: () => credential }, ...more });
  closing.push(it.close);
  const auth = bearer();
  it.store.intercept = auth.intercept;
  it.store.image('app', 'v1');
  return { ...it, auth };
}

async function second(intercept: Bearer['intercept']): Promise<TestServer> {
  const server = await startServer((request, response) => {
    if (!intercept(request, response)) response.writeHead(404).end();
  });
  closing.push(server.close);
  return server;
}

const ann: Credential = { kind: 'basic', username: 'ann', password: 'se:cret' };
const annBasic = `Basic ${Buffer.from('ann:se:cret').toString('base64')}`;
const refused = (reason: string) => expect.objectContaining({ name: 'Refusal', reason, kind: 'unavailable' });
const resolve = (it: Setup, path = 'org/app', spent = spending()) =>
  it.registry.resolve({ ...it.repository, path }, 'v1', spent);

describe('bearer tokens', () => {
  test('a challenge costs two rounds once per host and scope', async () => {
    const it = await start();
    const spent = spending();
    await resolve(it, 'org/app', spent);
    expect(it.rounds()).toBe(3);
    expect(spent.spent.requests).toBe(3);
    it.resetRounds();
    await resolve(it);
    expect(it.rounds()).toBe(1);
    it.resetRounds();
    await resolve(it, 'org/other');
    // The token server is known by now: only the token for the new scope is fetched.
    expect(it.rounds()).toBe(2);
    expect(it.auth.asked.map(({ url }) => url.search)).toEqual([
      '?service=registry.test&scope=repository%3Aorg%2Fapp%3Apull',
      '?service=registry.test&scope=repository%3Aorg%2Fother%3Apull',
    ]);
  });

  test('parallel first requests share one token', async () => {
    const it = await start();
    await Promise.all([resolve(it), resolve(it), resolve(it), resolve(it)]);
    expect(it.rounds()).toBe(3);
    expect(it.auth.asked).toHaveLength(1);
  });

  test('who waits for a token that another fetches fetches it when the other runs out of time', async () => {
    const it = await start();
    const hurried = spending();
    const { grant } = it.auth;
    it.auth.grant = (token) => {
      if (token === 'token-1') hurried.end();
      return grant(token);
    };
    const [first, other] = await Promise.allSettled([resolve(it, 'org/app', hurried), resolve(it)]);
    expect(first.status === 'rejected' && first.reason).toEqual(refused('deadline'));
    expect(other.status).toBe('fulfilled');
  });

  test('without a credential the token is anonymous; Basic goes to the token server, not to the registry', async () => {
    const anonymous = await start();
    await resolve(anonymous);
    expect(anonymous.auth.asked[0]?.authorization).toBeUndefined();
    const it = await start(ann);
    await resolve(it);
    expect(it.auth.asked[0]?.authorization).toBe(annBasic);
    const registryRequests = it.server.requests.filter(({ path }) => path.startsWith('/v2/'));
    expect(registryRequests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer token-1']);
  });

  test('a token is used until shortly before it expires, and for less than a minute if nothing is said', async () => {
    const it = await start();
    it.auth.grant = (token) => ({ body: { access_token: token } });
    await resolve(it);
    it.time.now += 49_000;
    await resolve(it);
    expect(it.auth.asked).toHaveLength(1);
    it.time.now += 2000;
    await resolve(it);
    expect(it.auth.asked).toHaveLength(2);
  });

  test('a token that the registry no longer takes is fetched anew once', async () => {
    const it = await start();
    await resolve(it);
    it.auth.valid.clear();
    await Promise.all([resolve(it), resolve(it)]);
    expect(it.auth.asked).toHaveLength(2);
  });

  test('a registry that gives a token and takes none is left after the second 401: it was what let us in', async () => {
    const it = await start();
    it.auth.grant = (token) => {
      setImmediate(() => it.auth.valid.clear());
      return { body: { token: `other-${token}` } };
    };
    await expect(resolve(it)).rejects.toMatchObject({ reason: 'image-not-readable', kind: 'denied' });
    expect(it.server.requests).toHaveLength(3);
  });

  test.each([
    [{ status: 401, body: {} }, 'registry-unauthorized'],
    [{ status: 403, body: {} }, 'registry-unauthorized'],
    [{ status: 429, body: {} }, 'registry-throttled'],
    [{ status: 500, body: {} }, 'registry-error'],
    [{ status: 404, body: {} }, 'registry-error'],
    [{ body: {} }, 'registry-error'],
    [{ body: { token: '', access_token: 3 } }, 'registry-error'],
    [{ body: { token: 'a\r\nb: c' } }, 'registry-error'],
    [{ body: [] }, 'registry-error'],
    [{ body: { token: 'x'.repeat(65 * 1024) } }, 'registry-error'],
  ])('a token server that answers %j', async (answer, reason) => {
    const it = await start(ann);
    it.auth.grant = () => answer;
    const result = resolve(it);
    await expect(result).rejects.toEqual(refused(reason));
    await expect(result).rejects.not.toThrow(/\/token|cret/);
  });

  test('a token server that asks to be left alone is, whichever repository needs a token', async () => {
    const it = await start();
    it.auth.grant = () => ({ status: 429, body: {} });
    await expect(resolve(it)).rejects.toEqual(refused('registry-throttled'));
    expect(it.auth.asked).toHaveLength(4);
    const other = { ...it.repository, path: 'org/other' };
    await expect(it.registry.resolve(other, 'v1', spending())).rejects.toThrow(/left alone for another 1 s/);
    expect(it.auth.asked).toHaveLength(4);
    it.time.now += 1000;
    it.auth.grant = (token) => ({ body: { token } });
    await resolve(it);
  });

  test("a proxy's own name for the repository is asked for, to pull and no more", async () => {
    const it = await start();
    const realm = `realm="${it.server.url}/token"`;
    it.auth.challenge = `${realm},scope="repository:mirror/org/app:pull,push registry:catalog:* repository:../x:pull"`;
    await resolve(it);
    await resolve(it);
    expect(it.auth.asked.map(({ url }) => url.searchParams.getAll('scope'))).toEqual([
      ['repository:mirror/org/app:pull'],
    ]);
  });

  test('a scope that is no repository is not asked for', async () => {
    const it = await start();
    it.auth.challenge = `realm="${it.server.url}/token?a=b",scope="aws"`;
    await resolve(it);
    expect(it.auth.asked[0]?.url.search).toBe('?a=b&scope=repository%3Aorg%2Fapp%3Apull');
  });

  test('a bearer token of the user goes to the registry as it is', async () => {
    const it = await start({ kind: 'registry-token', token: 'given' });
    await expect(resolve(it)).rejects.toEqual(refused('registry-unauthorized'));
    // The tag, and `/v2/`, which refuses it as well.
    expect(it.server.requests).toHaveLength(2);
    it.auth.valid.add('given');
    await resolve(it);
    expect(it.auth.asked).toHaveLength(0);
  });
});

describe('what is learned of a registry', () => {
  /** Tokens hold the scopes that they were asked with; each repository but `basic` wants its own. */
  function scoped(it: Setup, insufficient: number, challenged = (name: string) => name): string[] {
    const asked: string[] = [];
    it.store.intercept = (request, response) => {
      const url = new URL(request.url ?? '', it.server.url);
      const { authorization = '' } = request.headers;
      const name = /^\/v2\/(.+)\/manifests\//.exec(url.pathname)?.[1] ?? '';
      if (url.pathname === '/token') {
        const scope = url.searchParams.getAll('scope').join(' ');
        asked.push(scope);
        response.end(JSON.stringify({ token: Buffer.from(scope || 'none').toString('hex') }));
      } else if (name.startsWith('basic')) {
        if (authorization === annBasic) return false;
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else if (authorization === '') {
        const challenge = `Bearer realm="${it.server.url}/token",scope="repository:${challenged(name)}:pull"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      } else {
        const token = Buffer.from(authorization.replace('Bearer ', ''), 'hex').toString();
        if (token === `repository:${challenged(name)}:pull`) return false;
        response.writeHead(insufficient).end();
      }
      return true;
    };
    return asked;
  }

  test.each([
    ['another repository', 403, 'secret/other'],
    ['another repository', 401, 'secret/other'],
    ['a path with Basic', 403, 'basic/other'],
  ])('is nothing by a redirect of another registry to %s (%i)', async (_, status, path) => {
    const it = await start(ann);
    const asked = scoped(it, status);
    const to = `${it.server.url}/v2/${path}/manifests/v1`;
    const hostile = await second((__, response) => response.writeHead(307, { location: to }).end() !== undefined);
    const repository = { registry: hostile.host, path: 'org/app' };
    await it.registry.resolve(repository, 'v1', spending()).catch(() => {});
    asked.length = 0;
    it.server.requests.length = 0;
    await resolve(it);
    expect(asked).toEqual(['repository:org/app:pull']);
    expect(it.server.requests[0]?.headers.authorization).toBeUndefined();
  });

  test.each([403, 401])(
    'is a guess for its other repositories: refused without a challenge (%i), it is asked anew',
    async (status) => {
      const it = await start(ann);
      scoped(it, status);
      await resolve(it, 'basic/app');
      await resolve(it, 'org/app');
      await resolve(it, 'basic/other');
      await resolve(it, 'org/other');
      it.server.requests.length = 0;
      for (const path of ['basic/app', 'org/app', 'basic/other', 'org/other']) await resolve(it, path);
      expect(it.server.requests).toHaveLength(4);
    },
  );

  test('by scopes of another name is a guess as well, which is asked anew when it is refused', async () => {
    const it = await start();
    let name = 'mirror/org/app';
    const asked = scoped(it, 403, () => name);
    await resolve(it);
    name = 'org/app';
    await resolve(it);
    expect(asked).toEqual(['repository:mirror/org/app:pull', 'repository:org/app:pull']);
  });

  test.each([401, 403, 404, 451])('and when its token server refuses it (%i)', async (status) => {
    const it = await start();
    const before = bearer();
    it.store.intercept = before.intercept;
    before.challenge = `realm="${it.server.url}/token",scope="repository:mirror/org/app:pull"`;
    await resolve(it);
    before.challenge = undefined;
    before.valid.clear();
    it.time.now += 600_000;
    it.store.intercept = (request, response) => {
      if (!/^\/token.*mirror/.test(request.url ?? '')) return before.intercept(request, response);
      response.writeHead(status).end();
      return true;
    };
    await resolve(it);
    await resolve(it);
  });

  test('a wrong password is not tried again for it', async () => {
    const it = await start({ ...ann, password: 'wrong' });
    scoped(it, 403);
    for (const path of ['basic/app', 'basic/other']) {
      it.server.requests.length = 0;
      await expect(resolve(it, path)).rejects.toEqual(refused('registry-unauthorized'));
      const tried = it.server.requests.filter(({ path, headers }) => path !== '/v2/' && headers.authorization);
      expect(tried).toHaveLength(1);
    }
  });
});

describe('identity tokens', () => {
  const identity: Credential = { kind: 'identity-token', username: '<token>', token: 'refresh-me' };

  test('are posted, by OAuth2', async () => {
    const it = await start(identity);
    it.auth.grant = (token) => ({ body: { access_token: token } });
    await resolve(it);
    expect(it.auth.asked).toMatchObject([{ method: 'POST', authorization: undefined }]);
    expect(it.rounds()).toBe(3);
  });

  test('go by GET where OAuth2 is not known', async () => {
    const it = await start(identity);
    const { grant } = it.auth;
    it.auth.grant = (token) => (token === 'token-1' ? { status: 404, body: {} } : grant(token));
    await resolve(it);
    const basic = `Basic ${Buffer.from('<token>:refresh-me').toString('base64')}`;
    expect(it.auth.asked).toMatchObject([{ method: 'POST' }, { method: 'GET', authorization: basic }]);
  });
});

describe('Basic', () => {
  const tag = '/v2/org/app/manifests/v1';
  const wantBasic = (it: Setup) => {
    it.store.intercept = (request, response) => {
      if (request.headers.authorization === annBasic) return false;
      response.writeHead(401, { 'www-authenticate': 'Negotiate, Basic realm="a, b"' }).end();
      return true;
    };
  };

  test('is sent when it is asked for, and then at once', async () => {
    const it = await start(ann);
    wantBasic(it);
    await resolve(it);
    expect(it.rounds()).toBe(2);
    it.resetRounds();
    await resolve(it, 'org/other');
    expect(it.rounds()).toBe(1);
  });

  test('a wrong password is tried once at the repository, and once at `/v2/`', async () => {
    const it = await start({ ...ann, password: 'wrong' });
    wantBasic(it);
    await expect(resolve(it)).rejects.toEqual(refused('registry-unauthorized'));
    expect(it.server.requests.map(({ path }) => path)).toEqual([tag, tag, '/v2/']);
    await expect(resolve(it)).rejects.not.toThrow(/wrong/);
  });

  test('without a credential there is nothing to try, and `/v2/` is asked whether it lets in anyone', async () => {
    const it = await start();
    wantBasic(it);
    await expect(resolve(it)).rejects.toEqual(refused('registry-unauthorized'));
    expect(it.server.requests.map(({ path }) => path)).toEqual([tag, '/v2/']);
  });
});

describe('S2: credentials and realms', () => {
  const secrets = /se:cret|refresh-me|c2U6|Basic|Bearer/;
  const heard = (server: TestServer) => JSON.stringify(server.requests.map(({ headers }) => headers.authorization));

  test('another host gets no credential as a realm: it is asked for an anonymous token (CVE-2026-48978)', async () => {
    for (const credential of [ann, { kind: 'identity-token', username: 'ann', token: 'refresh-me' } as const]) {
      const it = await start(credential);
      const stranger = await second(it.auth.intercept);
      it.auth.challenge = `realm="${stranger.url}/token"`;
      await resolve(it);
      expect(it.auth.asked).toMatchObject([{ method: 'GET', authorization: undefined }]);
      expect(heard(stranger)).not.toMatch(secrets);
    }
  });

  test('a host that the setting realms lists for this registry gets it', async () => {
    const realms: Record<string, string[]> = {};
    const it = await start(ann, { realms });
    const tokenServer = await second(it.auth.intercept);
    realms[it.server.host] = [tokenServer.host];
    it.auth.challenge = `realm="${tokenServer.url}/token"`;
    await resolve(it);
    expect(heard(tokenServer)).toBe(JSON.stringify([annBasic]));
  });

  test('a realm that redirects gets no credential further', async () => {
    const it = await start(ann);
    const stranger = await second(it.auth.intercept);
    it.store.intercept = (request, response) => {
      if (!request.url?.startsWith('/token')) return it.auth.intercept(request, response);
      response.writeHead(307, { location: `${stranger.url}${request.url}` }).end();
      return true;
    };
    await resolve(it);
    expect(heard(it.server)).toContain(annBasic);
    expect(heard(stranger)).not.toMatch(secrets);
  });

  test('a registry that redirects elsewhere gives nothing away, and a challenge there gets an anonymous token', async () => {
    const it = await start(ann);
    const elsewhere = await setUp();
    closing.push(elsewhere.close);
    elsewhere.store.image('app', 'v1');
    const theirs = bearer();
    elsewhere.store.intercept = theirs.intercept;
    it.store.intercept = (request, response) => {
      if (request.headers.authorization !== annBasic) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else {
        response.writeHead(307, { location: `${elsewhere.server.url}${request.url}` }).end();
      }
      return true;
    };
    await resolve(it);
    expect(theirs.asked).toMatchObject([{ authorization: undefined }]);
    expect(heard(elsewhere.server)).not.toMatch(/Basic|cret/);
  });

  test.each([
    'http://169.254.169.254/token',
    'http://10.0.0.1/token',
    'http://evil.example/token',
    'ftp://evil.example/',
    'nonsense',
  ])('the realm %s is refused, in words that do not repeat it', async (realm) => {
    const it = await start(ann);
    it.auth.challenge = `realm="${realm}"`;
    const result = resolve(it, 'org/app');
    if (realm.includes('10.0.0.1')) {
      // A registry on this machine may name its network, over https or where http is allowed.
      await expect(result).rejects.toEqual(refused('redirect-refused'));
    } else {
      await expect(result).rejects.toEqual(refused('redirect-refused'));
      await expect(result).rejects.not.toThrow(/169\.254|evil/);
    }
  });
});

test('S3: an ECR host, and no other, gets Basic without asking (CVE-2025-27403)', async () => {
  const sent: [string, string | undefined][] = [];
  const door = {
    origin: async (host: string) => `https://${host}`,
    async request(url: URL, { headers }: { headers?: Readonly<Record<string, string>> }) {
      sent.push([url.host, headers?.['authorization']]);
      return { status: 404, url, header: () => undefined, read: async () => new Uint8Array(), discard() {} };
    },
    close: async () => {},
  };
  const it = await start(ann, { door });
  const hosts = [
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    '123456789012.dkr-ecr.eu-west-1.on.aws',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example',
    'evil.example.123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
    'ecr.example',
  ];
  for (const registry of hosts) {
    await it.registry.resolve({ registry, path: 'app' }, 'v1', spending()).catch(() => {});
  }
  expect(sent.map(([, authorization]) => authorization)).toEqual([
    ...Array(4).fill(annBasic),
    ...Array(4).fill(undefined),
  ]);
});

test('Docker Hub is asked where its API is, and text that is no host is not asked at all', async () => {
  const asked: string[] = [];
  const door = {
    async origin(host: string): Promise<string> {
      asked.push(host);
      throw new Error('far enough');
    },
    request: async () => Promise.reject(new Error('never')),
    close: async () => {},
  };
  const it = await start(ann, { door });
  await it.registry.resolve({ registry: 'docker.io', path: 'library/nginx' }, 'v1', spending()).catch(() => {});
  expect(asked).toEqual(['registry-1.docker.io']);
  for (const registry of ['ghcr.io@evil.example', 'ghcr.io/x', 'evil.example?', 'a b', '']) {
    await expect(it.registry.resolve({ registry, path: 'app' }, 'v1', spending())).rejects.toMatchObject({
      reason: 'image-unparsable',
    });
  }
  expect(asked).toHaveLength(1);
});
