import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Fault } from '../../local/registry/faults.ts';
import { on, type RegistryOptions, type SeenRequest, startRegistry } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { fakeCredentials } from '../../shared/aws/testing/service.ts';
import { byKey, pod, policy, review } from '../e2e/documents.ts';
import { account, region } from './aws.ts';
import {
  type AwsResponse,
  type AwsWorld,
  type Instance,
  macKey,
  openAws,
  otherEcr,
  ownEcr,
  tokens,
} from './aws-world.ts';
import { copyOfClone } from './packed.ts';
import { cleanEnvironment, runOk } from './tools.ts';

// The bundle that is deployed, with nothing of it replaced: its environment names DynamoDB Local and moto, and Amazon ECR's hosts answer
// on loopback.

/** moto's password for Amazon ECR. */
const password = `${account}-auth-token`;
const ecrAuth = { scheme: 'basic', user: 'AWS', password } as const;
const signed = 'team/signed:1';
const unsigned = 'team/unsigned:1';
const next = 'c'.repeat(32);
const manifest = { kind: 'manifest' } as const;

interface Scenario {
  readonly auth?: RegistryOptions['auth'];
  readonly fault?: Fault;
  /** Which requests the fault answers: those for manifests, by default. */
  readonly filter?: { readonly kind: 'blob' | 'manifest' };
  readonly reason: string;
}

let world: AwsWorld;
let clone: string;
let bundle: string;
let instance: Instance;

beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'countersign-bundle-'));
  await copyOfClone(clone);
  const built = runOk(process.execPath, ['scripts/build.ts'], { cwd: clone, wholeEnv: cleanEnvironment() });
  [world] = await Promise.all([openAws(), built]);
  bundle = join(clone, 'dist', 'admission', 'index.mjs');
  const { destination, team, registry } = world;
  await sign(destination, {
    repository: 'team/signed',
    digest: await makeImage(destination, 'team/signed', '1'),
    key: team,
  });
  await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
  const images = [registry.host, ownEcr, otherEcr].map((host) => `${host}/team/*`);
  await world.policies({ 'signed.yaml': policy({ images, keys: [team] }) });
  await world.secret('tokens', JSON.stringify({ prod: [tokens.prod, next], staging: [tokens.staging] }));
  instance = await world.start({ bundle });
});
afterAll(async () => {
  await world?.close();
  await rm(clone, { recursive: true, force: true });
});
beforeEach(async () => {
  const { registry, table } = world;
  Object.assign(registry.settings, { auth: undefined, intercept: undefined });
  registry.requests.length = 0;
  // Each test has a table of its own, and no instance remembers what was there: the images' generations are others.
  await table.drop();
  await table.create();
  for (const host of [registry.host, ownEcr, otherEcr]) {
    for (const path of ['team/signed', 'team/unsigned']) {
      await table.put({ pk: { S: `gen#${host}/${path}` }, sk: { S: 'gen' }, body: { S: `${Math.random()}` } });
    }
  }
});

function ask(running: Instance, image: string, path = `/prod/mutate/fail/${tokens.prod}`): Promise<AwsResponse> {
  return running.send(path, review(pod([image])));
}

function here(image: string): string {
  return `${world.registry.host}/${image}`;
}

async function expectVerdicts(running: Instance): Promise<void> {
  expect(await ask(running, here(signed))).toMatchObject({ statusCode: 200, allowed: true });
  expect(await ask(running, here(unsigned))).toMatchObject({ statusCode: 200, allowed: false, code: 403 });
}

async function withInstance(settings: Readonly<Record<string, string>>, work: (running: Instance) => Promise<void>) {
  const running = await world.start({ bundle, settings });
  try {
    await work(running);
  } finally {
    await running.stop();
  }
}

describe('verdicts', () => {
  test.each([false, true])('are right, in the event of a REST API: %s', async (rest) => {
    for (const purpose of ['mutate', 'validate']) {
      const path = `/prod/${purpose}/fail/${tokens.prod}`;
      const digest = world.registry.store.manifest('team/signed', '1')?.digest;
      const image = purpose === 'mutate' ? here(signed) : `${here(signed)}@${digest}`;
      const admitted = await instance.send(path, review(pod([image])), { rest });
      expect(admitted).toMatchObject({ statusCode: 200, allowed: true });
      const denied = await instance.send(path, review(pod([image, here(unsigned)])), { rest });
      expect(denied).toMatchObject({ statusCode: 200, allowed: false, code: 403 });
      expect(denied.message).toContain('team/unsigned');
    }
  });

  test('are shared by the instances of a build, not with another build', async () => {
    await expectVerdicts(instance);
    world.registry.requests.length = 0;
    await withInstance({}, async (another) => {
      expect(await ask(another, here(signed))).toMatchObject({ allowed: true });
      expect(world.registry.count()).toBe(0);
      expect(another.admission).toMatchObject({ cluster: 'prod', images: [{ source: 'ledger' }] });
    });
    const sources = await world.start();
    expect(await ask(sources, here(signed))).toMatchObject({ allowed: true });
    expect(world.registry.count()).toBeGreaterThan(0);
    await sources.stop();
  });

  test('are right without a table, and without an answer from it', async () => {
    await withInstance({ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }, async (running) => {
      await expectVerdicts(running);
      expect(running.counted).toContain('table-failed operation=read reason=unreachable');
    });
    await withInstance({ LEDGER_TABLE: 'another' }, async (running) => {
      await expectVerdicts(running);
      expect(running.counted).toContain('table-failed operation=read reason=missing');
    });
  });

  test('are right while the MAC keys are malformed, and nothing is written', async () => {
    await world.secret('mac-keys', '["CANARY"]');
    try {
      const before = await world.table.items();
      await withInstance({}, async (running) => {
        await expectVerdicts(running);
        expect(running.counted).toContain('ledger-without-keys');
        expect(running.output()).not.toContain('CANARY');
      });
      expect(await world.table.items()).toEqual(before);
    } finally {
      await world.secret('mac-keys', JSON.stringify([macKey(1)]));
    }
  });
});

describe('callers', () => {
  test('have a token of the cluster that they name: both of a rotation, and no other', async () => {
    expect(await ask(instance, here(signed), `/prod/mutate/fail/${next}`)).toMatchObject({ allowed: true });
    expect(await ask(instance, here(signed), `/staging/mutate/fail/${tokens.staging}`)).toMatchObject({
      allowed: true,
    });
    world.registry.requests.length = 0;
    const paths = [
      `/prod/mutate/fail/${tokens.staging}`,
      `/staging/mutate/fail/${tokens.prod}`,
      `/staging/mutate/audit/${next}`,
      `/another/mutate/fail/${tokens.prod}`,
      `/prod/mutate/fail/${tokens.prod.slice(1)}`,
      '/prod/mutate/fail',
    ];
    for (const path of paths) {
      for (const body of [JSON.stringify(review(pod([here(signed)]))), 'no JSON']) {
        const answer = await instance.send(path, undefined, { body });
        expect([path, JSON.parse(answer.text)]).toEqual([path, { statusCode: 401, body: '' }]);
        const cluster = path.startsWith('/another') ? 'other' : path.split('/')[1];
        expect(instance.counted).toEqual([`unauthorized cluster=${cluster}`]);
      }
    }
    expect(world.registry.count()).toBe(0);
  });

  test('cannot be told from anybody while Secrets Manager is away: the call fails, and nothing is admitted', async () => {
    const settings = { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9' };
    await withInstance(settings, async (running) => {
      const answer = await ask(running, here(signed));
      expect(JSON.parse(answer.text)).toEqual({ statusCode: 503, body: '' });
      expect(running.counted).toContain('tokens-unavailable cluster=prod');
    });
  });
});

test('no request begins at a host outside the rules and REGISTRIES, reachable or not', async () => {
  const { registry, team } = world;
  await using elsewhere = await startRegistry();
  const hosts = [registry.host, elsewhere.host].join();
  const openRules = policy({ images: ['*'], keys: [team] });
  const literal = policy({ images: `${registry.host}/team/*`, keys: [team] });
  await world.policies({ 'prod/open.yaml': openRules, 'staging/literal.yaml': literal });
  try {
    const settings = { REGISTRIES: registry.host, PRIVATE_HOSTS: hosts };
    await withInstance(settings, async (running) => {
      for (const host of [elsewhere.host, 'registry.example', '169.254.169.254', otherEcr, 'localhost:9001']) {
        const answer = await ask(running, `${host}/team/signed:1`);
        expect([host, answer]).toEqual([host, expect.objectContaining({ allowed: false, code: 403 })]);
        expect(answer.message).toContain('host-refused');
      }
      expect([elsewhere.count(), registry.count()]).toEqual([0, 0]);
      expect(await ask(running, here(signed))).toMatchObject({ allowed: true });
      // A host that may be called for one cluster is not called for another whose rules do not cover it.
      await ask(running, `${elsewhere.host}/team/signed:1`, `/staging/mutate/fail/${tokens.staging}`);
      expect(elsewhere.count()).toBe(0);
    });
  } finally {
    const images = [registry.host, ownEcr, otherEcr].map((host) => `${host}/team/*`);
    await world.policies({ 'signed.yaml': policy({ images, keys: [team] }) });
  }
});

test('AWS KMS is asked for the key that a policy names, by the part of the bundle that is loaded for it', async () => {
  const client = new KMSClient({ region, endpoint: world.moto, credentials: fakeCredentials });
  const { KeyMetadata } = await client.send(
    new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }),
  );
  client.destroy();
  const byKms = (kms: string) => ({ keys: { kms, rekor: { ignoreTlog: true } } });
  const images = [`${world.registry.host}/team/*`];
  const asked = async (...entries: unknown[]) => {
    await world.policies({ 'kms.yaml': policy({ images, attestors: [{ count: 1, entries }] }) });
    let answer: AwsResponse | undefined;
    await withInstance({}, async (running) => {
      answer = await ask(running, here(signed));
    });
    return answer;
  };
  try {
    const arn = `awskms:///${KeyMetadata?.Arn}`;
    const other = await asked(byKms(arn));
    expect(other).toMatchObject({ allowed: false, code: 403, message: expect.stringContaining('signature-mismatch') });
    expect(await asked(byKms(arn), byKey(world.team))).toMatchObject({ allowed: true });
    const gone = await asked(byKms('awskms:///alias/gone'));
    expect(gone).toMatchObject({ allowed: false, message: expect.stringContaining('there is no such key') });
  } finally {
    const all = [world.registry.host, ownEcr, otherEcr].map((host) => `${host}/team/*`);
    await world.policies({ 'signed.yaml': policy({ images: all, keys: [world.team] }) });
  }
});

describe('Amazon ECR', () => {
  test("the own account's registry is asked with the token of Amazon ECR from the start", async () => {
    world.registry.settings.auth = ecrAuth;
    expect(await ask(instance, `${ownEcr}/${signed}`)).toMatchObject({ allowed: true });
    const seen = world.registry.requests.map(({ host, authorization, user, status }) => [
      host,
      authorization,
      user,
      status === 401,
    ]);
    expect(seen.length).toBeGreaterThan(0);
    for (const request of seen) expect(request).toEqual([ownEcr, 'Basic', 'AWS', false]);
    expect(await ask(instance, `${ownEcr}/${unsigned}`)).toMatchObject({ allowed: false, code: 403 });
  });

  test("another account's registry, and any other host, get no token", async () => {
    world.registry.settings.auth = ecrAuth;
    for (const image of [`${otherEcr}/${signed}`, here(signed)]) {
      expect(await ask(instance, image)).toMatchObject({ allowed: false, code: 503 });
    }
    expect(world.registry.count()).toBeGreaterThan(0);
    expect(world.registry.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test('a layer that lies elsewhere is fetched there without the token', async () => {
    const { registry } = world;
    registry.settings.auth = ecrAuth;
    const seen: SeenRequest[] = [];
    // What ECR's layers are: a redirect to another host. Here that is the registry under its other name.
    registry.settings.intercept = (request) => {
      if (request.kind !== 'blob') return undefined;
      seen.push(request);
      if (request.host !== ownEcr) return undefined;
      return { kind: 'redirect', to: `https://${registry.host}${request.path}` };
    };
    await ask(instance, `${ownEcr}/${signed}`);
    const there = seen.filter(({ host }) => host !== ownEcr);
    expect(there.length).toBeGreaterThan(0);
    expect(there.map(({ authorization }) => authorization)).toEqual(there.map(() => undefined));
  });
});

describe('what comes back to a caller who has nothing but the token', () => {
  const body = 'BODY-CANARY';
  const realm = 'https://realm-canary.example/token?REALM-CANARY';
  const html = { kind: 'status', headers: { 'content-type': 'text/html' }, body: `<p>${body}</p>` } as const;
  const faults: Record<string, Scenario> = {
    'of a registry that takes the token': { auth: ecrAuth, reason: 'verified' },
    'of a registry that refuses the token': {
      auth: { ...ecrAuth, password: 'another' },
      reason: 'registry-unauthorized',
    },
    'of a realm elsewhere': {
      auth: { scheme: 'bearer', user: 'AWS', password, realm },
      reason: 'registry-unreachable',
    },
    'of a realm with a user in it': {
      auth: { scheme: 'bearer', realm: 'https://REALM-CANARY:secret@realm-canary.example' },
      reason: 'redirect-refused',
    },
    'of an error page': { fault: { ...html, status: 500 }, reason: 'registry-error' },
    'of a page that says why': { fault: { ...html, status: 403 }, reason: 'image-not-readable' },
    'of a page in place of a manifest': { fault: { kind: 'body', body }, reason: 'malformed-manifest' },
    'of a digest that is text': {
      fault: { kind: 'body', body, headers: { 'docker-content-digest': body } },
      reason: 'digest-mismatch',
    },
    'of a type that is text': {
      fault: { kind: 'body', body: '{}', headers: { 'content-type': body } },
      reason: 'not-an-image',
    },
    'of a redirect': {
      fault: { kind: 'redirect', to: `https://redirect-canary.example/${body}` },
      reason: 'registry-unreachable',
    },
    'of a redirect inwards': {
      fault: { kind: 'redirect', to: `https://169.254.169.254/${body}` },
      reason: 'redirect-refused',
    },
    'of blobs that are others': {
      fault: { kind: 'body', body },
      filter: { kind: 'blob' },
      reason: 'digest-mismatch',
    },
  };
  const secrets = [
    ...['CANARY', 'canary', 'secret@'],
    ...[password, Buffer.from(`AWS:${password}`).toString('base64')],
    ...[tokens.prod, tokens.staging, next, macKey(1)],
  ];

  test.each(Object.entries(faults))(
    '%s: no credential, no realm, no body',
    async (_, { auth, fault, filter = manifest, reason }) => {
      const { settings } = world.registry;
      for (const host of [ownEcr, world.registry.host]) {
        Object.assign(settings, { auth, intercept: fault && on(filter, fault) });
        for (const scope of ['fail', 'audit']) {
          const answer = await ask(instance, `${host}/${signed}`, `/prod/mutate/${scope}/${tokens.prod}`);
          expect(answer.statusCode).toBe(200);
          // The token of Amazon ECR is for the one host alone.
          const expected = auth === ecrAuth && host !== ownEcr ? 'registry-unauthorized' : reason;
          expect(instance.admission).toMatchObject({ images: [{ reason: expected }] });
          for (const secret of secrets) expect(answer.text).not.toContain(secret);
        }
      }
      expect(world.registry.count()).toBeGreaterThan(0);
      for (const secret of secrets) expect(instance.output()).not.toContain(secret);
    },
  );
});
