import { createPublicKey } from 'node:crypto';
import { localKms } from '../../local/kms.ts';
import { type KeyType, newKey, type SigningKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Report } from '../../shared/answer/report.ts';
import { kmsAlgorithms, startKms, type TestKms } from '../../shared/aws/testing/kms.ts';
import { failed, fakeCredentials } from '../../shared/aws/testing/service.ts';
import { type DeployedWorld, openDeployed, tokens } from './deployed-world.ts';
import { byKey, openWorld, pod, policy, review, type World } from './harness.ts';
import { ask } from './https.ts';
import { countersign, folderWith, run, start } from './processes.ts';

// A policy that names a key in AWS KMS: on the command line, in the handler and deployed. KMS is a server on loopback.

const cleanUp = new AsyncDisposableStack();
const alias = 'awskms:///alias/cosign';
const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
const minute = 60_000;
let kms: TestKms;
let env: Record<string, string>;
let world: World;
let host: string;

const byKms = (kmsAddress = alias) => ({ keys: { kms: kmsAddress, rekor: { ignoreTlog: true } } });
const allOf = (...entries: unknown[]) => [{ entries }];
const answerOf = ({ publicKeyPem }: SigningKey, type: keyof typeof kmsAlgorithms = 'p256') => ({
  key: {
    der: createPublicKey(publicKeyPem).export({ format: 'der', type: 'spki' }),
    algorithms: kmsAlgorithms[type],
  },
});

beforeAll(async () => {
  kms = await startKms();
  cleanUp.defer(() => kms.close());
  env = {
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: fakeCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: fakeCredentials.secretAccessKey,
  };
  world = cleanUp.use(await openWorld());
  host = world.registry.host;
  const { destination, team, stranger } = world;
  for (const [repository, key] of [
    ['team/ours', team],
    ['team/theirs', stranger],
  ] as const) {
    await sign(destination, { repository, digest: await makeImage(destination, repository, '1'), key });
  }
});
afterAll(() => cleanUp.disposeAsync());
beforeEach(() => {
  kms.calls.length = 0;
  kms.keys.clear();
  kms.keys.set('alias/cosign', answerOf(world.team));
});

const ours = () => `${host}/team/ours:1`;
const theirs = () => `${host}/team/theirs:1`;

describe('the command line, with the credentials of the environment', () => {
  async function folder() {
    return await folderWith({
      'policy.yaml': policy({ images: `${host}/*`, attestors: allOf(byKms()) }),
      'ours.json': JSON.stringify(pod([ours()])),
      'theirs.json': JSON.stringify(pod([theirs()])),
    });
  }
  async function verified(image: string, more: Readonly<Record<string, string>> = {}) {
    await using files = await folder();
    const words = ['verify', '--policy', files.file('policy.yaml'), '--image', image, '-o', 'json'];
    const { status, stdout, stderr } = await run(countersign, words, { env: { ...env, ...more } });
    expect(stderr).toBe('');
    const [result] = (JSON.parse(stdout) as Report).results;
    return { status, reason: result?.reason, message: result?.message };
  }

  test('verify: the key that KMS gives signed it, or another did', async () => {
    expect(await verified(ours())).toMatchObject({ status: 0, reason: 'verified' });
    expect(await verified(theirs())).toMatchObject({ status: 1, reason: 'signature-mismatch' });
  });

  test('verify: without KMS there is no answer, and the message says of which key and whose', async () => {
    kms.keys.set('alias/cosign', failed('AccessDeniedException'));
    expect(await verified(ours())).toMatchObject({
      status: 2,
      reason: 'kms-unavailable',
      message: expect.stringContaining('kms:GetPublicKey of alias/cosign: access is denied: allow the action'),
    });
    expect(await verified(ours(), { AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:9' })).toMatchObject({
      status: 2,
      message: expect.stringContaining('AWS KMS could not be reached'),
    });
  });

  test('verify: a key that is not for signing is the policy’s fault', async () => {
    kms.keys.set('alias/cosign', { key: { ...answerOf(world.team).key, usage: 'KEY_AGREEMENT' } });
    expect(await verified(ours())).toMatchObject({ status: 2, reason: 'key-invalid' });
  });

  test('apply', async () => {
    await using files = await folder();
    for (const [name, status] of [
      ['ours.json', 0],
      ['theirs.json', 1],
    ] as const) {
      const words = ['apply', files.file('policy.yaml'), '--resource', files.file(name)];
      expect((await run(countersign, words, { env })).status).toBe(status);
    }
  });

  test('serve: KMS is asked once', async () => {
    await using files = await folderWith({ 'policy.yaml': policy({ images: `${host}/*`, attestors: allOf(byKms()) }) });
    await using serving = start(
      countersign,
      ['serve', '--addr', '127.0.0.1:0', '--log', 'none', '--policies', files.path],
      { env },
    );
    const [, url] = await serving.line(/serving (https:\S+)\/mutate/);
    const allowed = async (image: string) => {
      const { body } = await ask(`${url}/mutate`, { body: JSON.stringify(review(pod([image]))) });
      return (JSON.parse(body) as { response: { allowed: boolean } }).response.allowed;
    };
    expect(await Promise.all([allowed(ours()), allowed(ours()), allowed(theirs())])).toEqual([true, true, false]);
    expect(kms.calls).toHaveLength(1);
  });
});

describe('the handler', () => {
  let handled: World;
  beforeAll(async () => {
    // localKms reads its endpoint and credentials from the environment when the client is made.
    Object.assign(process.env, env);
    const metrics = { count: () => undefined };
    handled = cleanUp.use(await openWorld({ core: { kms: localKms({ clock: () => handled.now, metrics }) } }));
    cleanUp.defer(() => {
      for (const name of Object.keys(env)) delete process.env[name];
    });
    const { destination, team, stranger } = handled;
    for (const [repository, key] of [
      ['team/ours', team],
      ['team/theirs', stranger],
    ] as const) {
      await sign(destination, { repository, digest: await makeImage(destination, repository, '1'), key });
    }
  });
  beforeEach(() => {
    handled.now += 25 * 60 * minute;
    kms.keys.set('alias/cosign', answerOf(handled.team));
    kms.keys.set(id, answerOf(handled.team));
  });

  const images = () => `${handled.registry.host}/*`;
  const use = (attestors: unknown[], more = {}) => handled.policies(policy({ images: images(), attestors, ...more }));
  const allows = async (name: 'ours' | 'theirs') =>
    (await handled.send('/mutate', review(pod([`${handled.registry.host}/team/${name}:1`])))).allowed;
  const message = async (name: 'ours' | 'theirs') =>
    (await handled.send('/mutate', review(pod([`${handled.registry.host}/team/${name}:1`])))).message;

  test('an alias that is pointed at another key is believed within five minutes, whatever the ledger holds', async () => {
    use(allOf(byKms()));
    expect([await allows('ours'), await allows('theirs')]).toEqual([true, false]);
    kms.keys.set('alias/cosign', answerOf(handled.stranger));
    handled.now += 5 * minute - 1;
    expect([await allows('ours'), await allows('theirs')]).toEqual([true, false]);
    handled.now += 1;
    expect([await allows('ours'), await allows('theirs')]).toEqual([false, true]);
    expect(kms.calls).toHaveLength(2);
  });

  test('while KMS is away a key that was read is good; a disabled one is not', async () => {
    use(allOf(byKms(`awskms:///${id}`)));
    expect(await allows('ours')).toBe(true);
    kms.keys.set(id, failed('ThrottlingException'));
    handled.now += 60 * minute;
    expect(await allows('ours')).toBe(true);
    kms.keys.set(id, failed('DisabledException'));
    handled.now += 5000;
    expect(await message('ours')).toMatch(/key-invalid.*the key is disabled/s);
  });

  test('KMS away is unavailable: 503 under Fail, admitted with a warning under Ignore', async () => {
    kms.keys.set('alias/cosign', failed('KMSInternalException', 500));
    use(allOf(byKms()));
    const under = () => handled.send('/mutate', review(pod([`${handled.registry.host}/team/ours:1`])));
    expect(await under()).toMatchObject({ allowed: false, code: 503 });
    handled.now += 5000;
    use(allOf(byKms()), { failurePolicy: 'Ignore' });
    expect(await under()).toMatchObject({ allowed: true, warnings: [expect.stringContaining('kms-unavailable')] });
  });

  test('one of two is enough while the other is away, and without it the answer is not a denial', async () => {
    kms.keys.set('alias/cosign', failed('KMSInternalException', 500));
    use([{ count: 1, entries: [byKms(), byKey(handled.team)] }]);
    expect(await allows('ours')).toBe(true);
    expect(await message('theirs')).toContain('kms-unavailable');
    kms.keys.set('alias/cosign', answerOf(handled.stranger));
    handled.now += 5000;
    expect([await allows('ours'), await allows('theirs')]).toEqual([true, true]);
  });

  test.each<[KeyType, keyof typeof kmsAlgorithms]>([
    ['p384', 'p384'],
    ['p521', 'p521'],
    ['rsa2048', 'rsa'],
    ['ed25519', 'ed25519'],
  ])('a key of type %s', async (type, inKms) => {
    const { destination } = handled;
    const key = newKey(type);
    kms.keys.set(`alias/${type}`, answerOf(key, inKms));
    const digest = await makeImage(destination, `keys/${type}`, '1', { label: type });
    await sign(destination, { repository: `keys/${type}`, digest, key, format: 'sig' });
    use(allOf(byKms(`awskms:///alias/${type}`)));
    const image = `${handled.registry.host}/keys/${type}:1`;
    expect(await handled.send('/mutate', review(pod([image])))).toMatchObject({ allowed: true });
    expect(await allows('ours')).toBe(false);
  });
});

describe('deployed', () => {
  let deployed: DeployedWorld;
  beforeAll(async () => {
    deployed = await openDeployed();
    cleanUp.defer(() => deployed.close());
    const { destination, team: key, registry, secrets } = deployed;
    await sign(destination, { repository: 'team/ours', digest: await makeImage(destination, 'team/ours', '1'), key });
    await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
    secrets.set('tokens', JSON.stringify({ prod: [tokens.prod] }));
    secrets.set('mac-keys', JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
    await deployed.policies({ 'a.yaml': policy({ images: `${registry.host}/team/*`, attestors: allOf(byKms()) }) });
  });

  test('the function asks KMS with its role; another instance finds in the table what this one verified', async () => {
    kms.keys.set('alias/cosign', answerOf(deployed.team));
    const parts = { kms: { endpoint: kms.endpoint, credentials: fakeCredentials } };
    const path = `/prod/mutate/fail/${tokens.prod}`;
    const asked = (name: string) => review(pod([`${deployed.registry.host}/team/${name}:1`]));
    const one = deployed.start({}, parts);
    expect(await one.send(path, asked('ours'))).toMatchObject({ allowed: true });
    expect(await one.send(path, asked('unsigned'))).toMatchObject({ allowed: false, code: 403 });
    expect(kms.calls).toHaveLength(1);
    deployed.registry.requests.length = 0;
    const another = deployed.start({}, parts);
    expect(await another.send(path, asked('ours'))).toMatchObject({ allowed: true });
    expect(deployed.registry.count()).toBe(0);
    kms.keys.set('alias/cosign', failed('AccessDeniedException'));
    const third = deployed.start({}, parts);
    const refused = await third.send(path, asked('ours'));
    expect(refused).toMatchObject({ allowed: false, code: 503 });
    expect(refused.message).toContain('kms:GetPublicKey of alias/cosign in eu-west-1');
    expect(third.counted).toContain('kms-failed reason=kms-unavailable stale=none');
  });
});
