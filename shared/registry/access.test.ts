import { startServer } from '../net/testing/server.ts';
import { spending } from '../net/testing/spending.ts';
import { type Credential, parseDockerConfig } from './credentials.ts';
import { type Setup, setUp } from './testing/setup.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A status, and a challenge to go with it. */
type Reply = readonly [status: number, challenge?: string];

/** A registry by what it answers to whom: `who` is the Authorization header's value, or `nobody`. */
interface Behaviour {
  /** `/v2/` */
  readonly root?: (who: string) => Reply;
  /** Anything of a repository; 200 leaves it to the store, where the image `v1` is. */
  readonly repository?: (who: string) => Reply;
  /** The token server; the token is `TOKEN for SCOPES`, of a caller or `nobody`. */
  readonly token?: (who: string, scopes: readonly string[]) => Reply;
}

const basic = `Basic ${Buffer.from('ann:se:cret').toString('base64')}`;
const askBasic: Reply = [401, 'Basic realm="x"'];
const askBearer: Reply = [401, 'Bearer realm="/token",service="test"'];
const pull = 'repository:org/app:pull';
const isToken = (who: string) => who.startsWith('Bearer ');

async function start(behaviour: Behaviour, credential?: Credential | 'ann'): Promise<Setup> {
  let find: () => Credential | undefined = () => undefined;
  const it = await setUp({ credentials: { find: () => find() } });
  closing.push(it.close);
  const auth = Buffer.from('ann:se:cret').toString('base64');
  const config = parseDockerConfig(JSON.stringify({ auths: { [`${it.server.host}/org`]: { auth } } }));
  find = () => (credential === 'ann' ? config.find(it.repository) : credential);
  it.store.image('app', 'v1');
  it.store.intercept = (request, response) => {
    const url = new URL(request.url ?? '', it.server.url);
    const who = request.headers.authorization ?? 'nobody';
    const scopes = url.searchParams.getAll('scope');
    const { root = () => [200] as const, repository = () => [200] as const, token = () => [200] as const } = behaviour;
    let [status, challenge] = repository(who);
    if (url.pathname === '/v2/') [status, challenge] = root(who);
    else if (url.pathname === '/token') [status, challenge] = token(who, scopes);
    else if (status === 200) return false;
    if (challenge !== undefined)
      response.setHeader('www-authenticate', challenge.replace('"/token"', `"${it.server.url}/token"`));
    response.writeHead(status).end(JSON.stringify({ token: `${it.server.requests.length}`, expires_in: 300 }));
    return true;
  };
  return it;
}

const resolve = (it: Setup, path = 'org/app', tag = 'v1') =>
  it.registry.resolve({ ...it.repository, path }, tag, spending());
const outcome = (it: Setup) =>
  resolve(it).then(
    () => undefined,
    (thrown) => thrown,
  );
const paths = (it: Setup) => it.server.requests.map(({ path }) => path.split('?')[0]);
const tag = '/v2/org/app/manifests/v1';

describe('one repository that is closed, by a registry that lets us in, is denied; its twin refuses everyone and is unavailable', () => {
  const closed = (open: (who: string) => boolean, otherwise: Reply) => (who: string) =>
    open(who) ? ([403] as const) : otherwise;
  const token403 = { repository: closed(isToken, askBearer) };
  const issued: Credential = {
    kind: 'basic',
    username: 'ann',
    password: 'se:cret',
    for: 'Amazon ECR in x',
    issued: true,
  };
  const given: Credential = { kind: 'registry-token', token: 'given' };

  const cases: readonly [string, Credential | 'ann' | undefined, Behaviour, Behaviour, string][] = [
    [
      'an anonymous token is given, and refused for it (403)',
      undefined,
      token403,
      { ...token403, token: () => [401] },
      'without a credential: none is configured for HOST/org/app; configure one that may pull it',
    ],
    [
      'an anonymous token is given, and refused for it (401)',
      undefined,
      { repository: () => askBearer },
      { repository: () => askBearer, token: () => [403] },
      'without a credential',
    ],
    [
      'a token is given for a credential, and refused for it',
      'ann',
      token403,
      { ...token403, token: () => [401] },
      'with the credential for HOST/org: grant it pull on HOST/org/app',
    ],
    [
      'nobody has to log in (403)',
      undefined,
      { repository: () => [403] },
      { repository: () => [403], root: () => [403] },
      'without a credential',
    ],
    [
      'nobody has to log in (401 without a challenge)',
      'ann',
      { repository: () => [401] },
      { repository: () => [401], root: () => [401] },
      'without the credential for HOST/org',
    ],
    [
      'nobody has to log in, but for it, with a credential that we do not have',
      undefined,
      { repository: () => askBasic },
      { repository: () => askBasic, root: () => askBasic },
      'without a credential',
    ],
    [
      'the user name and password are taken, and refused for it (403)',
      'ann',
      { repository: closed((who) => who === basic, askBasic), root: (who) => (who === basic ? [200] : askBasic) },
      { repository: closed((who) => who === basic, askBasic), root: () => askBasic },
      'with the credential for HOST/org',
    ],
    [
      'the user name and password are taken, and refused for it (401)',
      'ann',
      { repository: () => askBasic, root: (who) => (who === basic ? [200] : askBasic) },
      { repository: () => askBasic, root: () => askBasic },
      'with the credential for HOST/org',
    ],
    [
      'the token server gives strangers no token for it, and one without a scope',
      undefined,
      { repository: () => askBearer, token: (_, scopes) => (scopes.length === 0 ? [200] : [403]) },
      { repository: () => askBearer, token: () => [403] },
      'without a credential',
    ],
    [
      'the token server gives our credential no token for it, and one without a scope',
      'ann',
      { repository: () => askBearer, token: (who, scopes) => (who === basic && scopes.length === 0 ? [200] : [401]) },
      { repository: () => askBearer, token: (who) => (who === basic ? [401] : [200]) },
      'with the credential for HOST/org',
    ],
    ...[400, 404, 405, 410, 422, 451].map((status): (typeof cases)[number] => [
      `the token server answers ${status} for it, and gives a token without a scope`,
      undefined,
      { repository: () => askBearer, token: (_, scopes) => (scopes.length === 0 ? [200] : [status]) },
      { repository: () => askBearer, token: () => [401] },
      'without a credential',
    ]),
    ...[400, 404].map((status): (typeof cases)[number] => [
      `the token server refuses it, and answers ${status} without a scope`,
      undefined,
      { repository: () => askBearer, token: (_, scopes) => [scopes.length === 0 ? status : 403] },
      { repository: () => askBearer, token: () => [403] },
      'without a credential',
    ]),
    [
      'a token of the user is taken, and refused for it',
      given,
      { repository: () => [403], root: (who) => (who === 'Bearer given' ? [200] : [401]) },
      { repository: () => [403], root: () => [401] },
      'with the credential for HOST',
    ],
    [
      'a credential has just been issued, and is refused for it (403); 401 is the credential itself',
      issued,
      { repository: closed((who) => who === basic, askBasic), root: () => [403] },
      { repository: () => askBasic },
      'with the credential for Amazon ECR in x',
    ],
  ];

  test.each(cases)('%s', async (_, credential, closing, refusing, words) => {
    const it = await start(closing, credential);
    const refused = await outcome(it);
    expect(refused).toMatchObject({ reason: 'image-not-readable', kind: 'denied' });
    expect(String(refused.message)).toContain(`asked ${words.replaceAll('HOST', it.server.host)}`);
    const everyone = await start(refusing, credential);
    const other = await outcome(everyone);
    expect(other).toMatchObject({ reason: 'registry-unauthorized', kind: 'unavailable' });
    const [asked = ''] = words.replaceAll('HOST', everyone.server.host).split(':');
    expect(String(other.message)).toContain(`asked ${asked}`);
    expect(String(other.message)).not.toContain('grant');
    for (const { message } of [refused, other]) expect(message).not.toMatch(/se:cret|c2U6|ann|given|Basic|Bearer/);
  });

  test('403 of the storage that a registry redirects to is the service’s failure', async () => {
    const it = await start({});
    const storage = await startServer((_, response) => response.writeHead(403).end());
    closing.push(storage.close);
    it.store.intercept = (request, response) => {
      if (request.url === '/v2/') return response.writeHead(200).end() !== undefined;
      response.writeHead(307, { location: `${storage.url}${request.url}` }).end();
      return true;
    };
    expect(await outcome(it)).toMatchObject({ reason: 'registry-unauthorized', kind: 'unavailable' });
  });

  test('`/v2/` is asked once for a refusal, and not at all where a token was given', async () => {
    const open = await start({ repository: () => [403] });
    await outcome(open);
    expect(paths(open)).toEqual([tag, '/v2/']);
    await outcome(open);
    // What is remembered makes no denial.
    expect(paths(open)).toEqual([tag, '/v2/', tag, '/v2/']);
    const bearer = await start(token403);
    await outcome(bearer);
    expect(paths(bearer)).toEqual([tag, '/token', tag]);
  });

  test('what was granted since a token was kept is had with a new one', async () => {
    let refuses = new Set<string>();
    const it = await start(
      { repository: (who) => (refuses.has(who) ? [403] : isToken(who) ? [200] : askBearer) },
      'ann',
    );
    await resolve(it);
    refuses = new Set(it.server.requests.flatMap(({ headers }) => headers.authorization ?? []).filter(isToken));
    await resolve(it);
    expect(paths(it)).toEqual([tag, '/token', tag, tag, '/token', tag]);
  });
});

describe('a challenge that comes at `/v2/` alone', () => {
  /** To strangers a repository is 404, 403, or 401 without a word. */
  const hiding = (status: number, challenge: Reply, taken: (who: string) => boolean): Behaviour => ({
    repository: (who) => (taken(who) ? [200] : [status]),
    root: (who) => (taken(who) ? [200] : challenge),
  });

  test.each([404, 403, 401])('is answered where the repository says %i', async (status) => {
    const bearer = await start(hiding(status, askBearer, isToken), 'ann');
    await resolve(bearer);
    expect(paths(bearer)).toEqual([tag, '/v2/', '/token', tag]);
    expect(bearer.server.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
      basic,
      'Bearer 3',
    ]);
    const plain = await start(
      hiding(status, askBasic, (who) => who === basic),
      'ann',
    );
    await resolve(plain);
    expect(paths(plain)).toEqual([tag, '/v2/', tag]);
  });

  test('is learned for the host: those who ask at a time share it, and nobody asks again', async () => {
    const it = await start(hiding(404, askBearer, isToken), 'ann');
    await Promise.all(['org/app', 'org/app', 'org/b', 'org/c'].map((path) => resolve(it, path)));
    await resolve(it, 'org/d');
    expect(paths(it).filter((path) => path === '/v2/')).toHaveLength(1);
    expect(it.server.requests.at(-1)?.headers.authorization).toMatch(/^Bearer/);
    // What is absent is absent, and costs one request.
    it.server.requests.length = 0;
    await expect(resolve(it, 'org/d', 'none')).rejects.toMatchObject({ reason: 'image-not-found' });
    expect(it.server.requests).toHaveLength(1);
  });

  test('the scope that stands there is an example', async () => {
    const example: Reply = [401, `${askBearer[1]},scope="repository:user/image:pull"`];
    const it = await start(hiding(404, example, isToken), 'ann');
    await resolve(it);
    const token = it.server.requests.find(({ path }) => path.startsWith('/token'));
    expect(new URL(token?.path ?? '', 'http://x').searchParams.getAll('scope')).toEqual([pull]);
  });

  test('without a credential nothing is asked about a 404, and a 403 is answered with an anonymous token', async () => {
    const absent = await start(hiding(404, askBearer, isToken));
    expect(await outcome(absent)).toMatchObject({ reason: 'image-not-found' });
    expect(paths(absent)).toEqual([tag]);
    const shown = await start(hiding(403, askBearer, isToken));
    await resolve(shown);
    expect(paths(shown)).toEqual([tag, '/v2/', '/token', tag]);
  });

  test('where `/v2/` asks for none, a 404 is believed, for five minutes without asking', async () => {
    const it = await start({ repository: () => [404] }, 'ann');
    for (let count = 0; count < 3; count += 1) expect(await outcome(it)).toMatchObject({ reason: 'image-not-found' });
    expect(paths(it)).toEqual([tag, '/v2/', tag, tag]);
    it.time.now += 5 * 60_000;
    await outcome(it);
    expect(paths(it).filter((path) => path === '/v2/')).toHaveLength(2);
  });

  test.each([
    [503, 'registry-error'],
    [429, 'registry-throttled'],
  ])('a `/v2/` that fails (%i) makes no image absent', async (status, reason) => {
    const it = await start({ repository: () => [404], root: () => [status] }, 'ann');
    expect(await outcome(it)).toMatchObject({ reason, kind: 'unavailable' });
  });

  test('a credential that is refused there is refused: no image is absent for it', async () => {
    const it = await start({ repository: () => [404], root: () => askBearer, token: () => [401] }, 'ann');
    expect(await outcome(it)).toMatchObject({ reason: 'registry-unauthorized', kind: 'unavailable' });
  });
});
