import { type Auth, anyOf, type Intercept, on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { type Credentials, parseDockerConfig } from '../../shared/registry/credentials.ts';
import { openWorld, type PolicyParts, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { basicAuth, bearerAuth, canary } from './canary.ts';

/**
 * An author may name a repository that nodes can read and we cannot, since they have another credential. Under failurePolicy
 * Ignore what is unavailable is admitted: so what closes one repository is denied, and only what closes the registry is not.
 */
const mine = 'mallory/private';
const signed = 'team/app';
let world: World;
afterEach(() => world.close());

interface Login {
  readonly auth: Auth | undefined;
  readonly login: boolean;
}

/** How one repository is closed, or all of them, at a registry with `auth`; asked with a credential or without. */
interface Closing extends Login {
  readonly one: Intercept;
  readonly all: Intercept;
}

const closed = { kind: 'status', status: 403 } as const;
const everything = on({}, closed);
const tokenFor = (name: RegExp) => on({ kind: 'token', path: name }, closed);
const closings: Readonly<Record<string, Closing>> = {
  'nobody has to log in': { auth: undefined, login: false, one: on({ name: mine }, closed), all: everything },
  'a password is taken': { auth: basicAuth, login: true, one: on({ name: mine }, closed), all: everything },
  'strangers are given tokens': {
    auth: { ...bearerAuth, anonymousPull: true },
    login: false,
    one: tokenFor(/mallory/),
    all: on({ kind: 'token' }, closed),
  },
  'strangers are given a token for it, which is refused': {
    auth: { ...bearerAuth, anonymousPull: true },
    login: false,
    one: on({ name: mine }, ({ authorization }) => (authorization === 'Bearer' ? closed : undefined)),
    all: on({ kind: 'token' }, closed),
  },
  'strangers are given tokens, and 404 for it': {
    auth: { ...bearerAuth, anonymousPull: true },
    login: false,
    one: on({ kind: 'token', path: /mallory/ }, { kind: 'status', status: 404 }),
    all: on({ kind: 'token' }, closed),
  },
  'strangers are refused a token for it, and have to name a repository': {
    auth: { ...bearerAuth, anonymousPull: true },
    login: false,
    one: anyOf(tokenFor(/mallory/), on({ kind: 'token', path: /^(?!.*scope=)/ }, { kind: 'status', status: 400 })),
    all: on({ kind: 'token' }, closed),
  },
  'our credential is given tokens': {
    auth: bearerAuth,
    login: true,
    one: tokenFor(/mallory/),
    all: on({ kind: 'token' }, closed),
  },
};

async function open({ auth, login }: Login, parts: Partial<PolicyParts>): Promise<void> {
  let config = parseDockerConfig('{}');
  const credentials: Credentials = { warnings: [], find: (repository) => config.find(repository) };
  world = await openWorld({ registry: auth === undefined ? {} : { auth }, core: { credentials } });
  const entry = { username: canary.user, password: canary.password };
  if (login) config = parseDockerConfig(JSON.stringify({ auths: { [world.registry.host]: entry } }));
  const digest = await makeImage(world.destination, signed, 'v1');
  await sign(world.destination, { repository: signed, digest, key: world.team });
  await makeImage(world.destination, mine, 'v1', { label: 'unsigned' });
  world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team], ...parts }));
}

const ask = (name: string): Promise<Response> =>
  world.send('/mutate', review(pod([`${world.registry.host}/${name}:v1`])));

describe.each(['Ignore', 'Fail'] as const)('under failurePolicy %s', (failurePolicy) => {
  describe.each(Object.entries(closings))('%s', (_, closing) => {
    test('and one repository is closed: denied, and the others are as they were', async () => {
      await open(closing, { failurePolicy });
      world.registry.settings.intercept = closing.one;
      const answer = await ask(mine);
      expect(answer).toMatchObject({ allowed: false, code: 403, patch: [] });
      expect(answer.message).toContain('denied (image-not-readable)');
      expect(answer.message).toContain(
        closing.login ? `with the credential for ${world.registry.host}` : 'asked without a credential',
      );
      expect(answer.message).not.toContain('canary');
      expect(await ask(signed)).toMatchObject({ allowed: true, warnings: [] });
    });

    test('until it refuses everyone: unavailable', async () => {
      await open(closing, { failurePolicy });
      world.registry.settings.intercept = closing.all;
      const answer = await ask(mine);
      const told = failurePolicy === 'Fail' ? answer.message : answer.warnings.join();
      expect(answer.allowed).toBe(failurePolicy === 'Ignore');
      expect(told).toContain('registry-unauthorized');
      world.registry.settings.intercept = undefined;
      expect(await ask(mine)).toMatchObject({ allowed: false, code: 403 });
    });
  });

  describe.each([
    ['401 Basic', { kind: 'status', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }],
    ['401', { kind: 'status', status: 401 }],
    ['403', closed],
    ['404', { kind: 'status', status: 404 }],
    ['500', { kind: 'status', status: 500 }],
  ] as const)('the image is given to strangers, and `/v2/` answers %s', (_, root) => {
    test.each([
      ['the .sig tag', { reference: /\.sig$/ }],
      ['the fallback tag', { reference: /^sha256-[0-9a-f]{64}$/ }],
      ['the referrers', { kind: 'referrers' }],
    ] as const)('%s is closed: denied, and a signature that is readable passes', async (__, filter) => {
      await open({ auth: undefined, login: false }, { failurePolicy });
      const { registry } = world;
      for (const refused of [closed, { ...closed, status: 401 }]) {
        registry.settings.intercept = anyOf(on({ ...filter, name: mine }, refused), on({ kind: 'ping' }, root));
        const answer = await ask(mine);
        expect(answer).toMatchObject({ allowed: false, code: 403, patch: [] });
        expect(answer.message).toContain('denied (image-not-readable)');
        expect(answer.message).toContain(`none is configured for ${registry.host}/${mine}`);
        expect(await ask(signed)).toMatchObject({ allowed: true, warnings: [] });
      }
    });
  });

  test('another registry redirects to a repository that is closed: those of its own path are as they were', async () => {
    await open({ auth: { ...bearerAuth, anonymousPull: true }, login: false }, { failurePolicy });
    const { registry, team } = world;
    world.policies(policy({ images: '*', keys: [team], failurePolicy, entry: ['useCache: false'] }));
    const to = `http://${registry.host}/v2/${mine}/manifests/v1`;
    await using other = await openWorld();
    other.registry.settings.intercept = on({}, { kind: 'redirect', to });
    // As registries do that say no more than 403 to a token for another repository.
    const forOther = () =>
      registry.requests
        .filter(({ kind }) => kind === 'token')
        .at(-1)
        ?.path.includes('mallory');
    registry.settings.intercept = on({ name: signed }, () => (forOther() ? closed : undefined));
    expect(await ask(signed)).toMatchObject({ allowed: true });
    const hostile = await world.send('/mutate', review(pod([`${other.registry.host}/${signed}:v1`])));
    expect(hostile).toMatchObject({ allowed: false });
    world.now += 3_600_000;
    for (let again = 0; again < 2; again++) expect(await ask(signed)).toMatchObject({ allowed: true, warnings: [] });
  });

  test('a signature repository is closed to us: denied, and a signature that is readable passes', async () => {
    await open({ auth: undefined, login: false }, { failurePolicy });
    const { destination, team: key, registry } = world;
    const entry = [`repository: ${registry.host}/signatures`];
    world.policies(policy({ images: `${registry.host}/*`, keys: [key], entry, failurePolicy }));
    const digest = await makeImage(destination, signed, 'v1');
    await sign(destination, { repository: signed, digest, key, storeIn: 'signatures' });
    registry.settings.intercept = on({ name: 'signatures' }, closed);
    const answer = await ask(signed);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('denied (image-not-readable)');
    expect(answer.message).toContain(`none is configured for ${registry.host}/signatures`);
    registry.settings.intercept = undefined;
    expect(await ask(signed)).toMatchObject({ allowed: true, warnings: [] });
  });
});
