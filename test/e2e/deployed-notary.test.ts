import { attachReferrer, describe as describeImage } from '../../local/signer/attach.ts';
import { makeImage, type NotaryRequest, newKey, notaryEnvelope, sign, signNotary } from '../../local/signer/signer.ts';
import { dynamoTable } from '../../shared/aws/dynamodb-table.ts';
import { tableName } from '../../shared/aws/testing/dynamodb.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { renewedBy, renewGeneration } from '../../shared/ledger/generation.ts';
import { makeNotaryChain } from '../fixtures/notary.ts';
import { type DeployedWorld, type Instance, openDeployed, tokens } from './deployed-world.ts';
import { byKey, pod, policy, review } from './documents.ts';
import { openWorld } from './harness.ts';
import type { Loading, LoadingRequest } from './modules-loaded.ts';
import { run } from './processes.ts';

// A deployed function with the trust policy of its zip: what it remembers, what it forgets by an event, and what it loads and asks for.

const name = 'team/app';
const signedAt = new Date('2025-12-01T00:00:00Z');
const acme = makeNotaryChain();
const stranger = makeNotaryChain();
const byCertificate = [{ entries: [{ certificates: { cert: acme.root.pem } }] }];
const folder = (level: string) => ({
  'notary/trustpolicy.json': JSON.stringify({
    version: '1.0',
    trustPolicies: [
      {
        name: 'acme',
        registryScopes: ['*'],
        signatureVerification: { level },
        trustStores: ['ca:acme'],
        trustedIdentities: ['*'],
      },
    ],
  }),
  'notary/truststore/x509/ca/acme/root.pem': acme.root.pem,
});

describe('a function', () => {
  let world: DeployedWorld;
  beforeAll(async () => {
    world = await openDeployed();
    world.secrets.set('tokens', JSON.stringify({ prod: [tokens.prod] }));
    world.secrets.set('mac-keys', JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
  });
  afterAll(() => world.close());

  async function started(level: string): Promise<Instance> {
    const images = `${world.registry.host}/*`;
    await world.policies({ 'all.yaml': policy({ images, entry: ['type: Notary'] }), ...folder(level) });
    const instance = world.start();
    await instance.loadAll();
    return instance;
  }
  const signed = (digest: Digest, request: Partial<NotaryRequest> = {}) =>
    signNotary(world.destination, { repository: name, digest, signer: acme.signer, signedAt, ...request });

  /** `allowed`, `warned` or the reason, and how many requests the registry got. */
  async function ask(instance: Instance, digest: Digest): Promise<[string, number]> {
    world.registry.requests.length = 0;
    const object = pod([`${world.registry.host}/${name}@${digest}`]);
    const { allowed, message, warnings } = await instance.send(`/prod/mutate/fail/${tokens.prod}`, review(object));
    const denied = /\(([a-z-]+)\): /.exec(message)?.[1] ?? message;
    return [allowed !== true ? denied : warnings.length === 0 ? 'allowed' : 'warned', world.registry.count()];
  }

  async function announce(tag: string | undefined): Promise<void> {
    const table = dynamoTable({ client: world.dynamo.client, tableName, metrics: { count: () => undefined } });
    const guard = renewedBy(tag, { registry: world.registry.host, path: name });
    await renewGeneration(table, guard, { clock: () => world.now, signal: AbortSignal.timeout(5000) });
  }

  test('another instance answers from the table, until something is announced', async () => {
    const digest = await makeImage(world.destination, name, '1', { label: 'remembered' });
    await signed(digest);
    const [one, other] = [await started('strict'), await started('strict')];
    expect(await ask(one, digest)).toEqual(['allowed', expect.any(Number)]);
    expect(await ask(other, digest)).toEqual(['allowed', 0]);
    await announce(digest.replace(':', '-'));
    const [answer, requests] = await ask(other, digest);
    expect([answer, requests > 0]).toEqual(['allowed', true]);
    expect(await ask(one, digest)).toEqual(['allowed', 0]);
  });

  test('what is let pass with a warning is so for another instance too, and not by another trust policy', async () => {
    const digest = await makeImage(world.destination, name, '2', { label: 'foreign' });
    await signed(digest, { signer: stranger.signer });
    const [one, other] = [await started('audit'), await started('audit')];
    expect(await ask(one, digest)).toEqual(['warned', expect.any(Number)]);
    expect(await ask(other, digest)).toEqual(['warned', 0]);
    expect((await ask(await started('strict'), digest))[0]).toBe('certificate-untrusted');
  });
});

test('a rule of cosign reads no Notary signature: they cost it what any other artifact does', async () => {
  await using world = await openWorld();
  world.policies(policy({ images: '*', keys: [world.team] }));
  const { destination, registry } = world;
  /** Requests for an image that is signed as cosign does, with three of something else attached. */
  async function requestsWith(label: string, attachOne: (digest: Digest, at: string) => Promise<unknown>) {
    const digest = await makeImage(destination, name, label, { label });
    await sign(destination, { repository: name, digest, key: world.team });
    for (const at of ['1', '2', '3']) await attachOne(digest, at);
    registry.requests.length = 0;
    const image = `${registry.host}/${name}:${label}`;
    expect(await world.send('/mutate', review(pod([image])))).toMatchObject({ allowed: true, warnings: [] });
    return registry.count();
  }
  const notary = await requestsWith('notary', (digest, at) =>
    signNotary(destination, { repository: name, digest, signer: acme.signer, signedAt, annotations: { at } }),
  );
  const others = await requestsWith('others', async (digest, at) =>
    attachReferrer(
      destination,
      name,
      await describeImage(destination, name, digest),
      { mediaType: 'application/spdx+json', bytes: Buffer.from(`{"at":${at}}`) },
      { artifactType: 'application/spdx+json', config: 'empty' },
    ),
  );
  expect(notary).toBe(others);
});

describe('modules', () => {
  const ofNotary =
    /\/node_modules\/(?:cborg|@peculiar\/asn1-ocsp|@aws-sdk\/client-signer-data)\/|\/shared\/(?:verify\/notary\/judge|revocation\/(?:create|crl|ocsp|responders))/;
  const file = `${import.meta.dirname}/modules-loaded.ts`;

  /** What a function loads that answers a review of an image with a Notary signature. */
  async function loadedFor(attestors: readonly unknown[], type: string): Promise<Loading> {
    await using world = await openWorld();
    const digest = await makeImage(world.destination, name, '1', { label: 'loading' });
    const artifact = await describeImage(world.destination, name, digest);
    const envelope = notaryEnvelope({ artifact, signer: acme.signer, signedAt }).toString('base64');
    const policies = { 'all.yaml': policy({ images: 'REGISTRY/*', attestors, entry: [`type: ${type}`] }) };
    const input = JSON.stringify({ policies, label: 'loading', envelope } satisfies LoadingRequest);
    const { stdout, stderr } = await run(process.execPath, [file], { input });
    if (!stdout.startsWith('{')) throw new Error(stderr);
    return JSON.parse(stdout) as Loading;
  }

  test('what only Notary signatures need is loaded where a rule is about them, and nowhere else', async () => {
    const { publicKeyPem } = newKey();
    const cosign = await loadedFor([{ entries: [byKey(publicKeyPem)] }], 'Cosign');
    expect(cosign.message).toContain('(no-signature)');
    expect(cosign.modules.filter((url) => ofNotary.test(url))).toEqual([]);
    const notary = await loadedFor(byCertificate, 'Notary');
    expect([notary.allowed, notary.message]).toEqual([true, '']);
    const found = notary.modules.filter((url) => ofNotary.test(url)).join('\n');
    expect(found).toContain('/cborg/');
    expect(found).toContain('/shared/revocation/create.ts');
  });
});
