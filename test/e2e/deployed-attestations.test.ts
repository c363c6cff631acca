import { randomBytes } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { attest, makeImage } from '../../local/signer/signer.ts';
import { dynamoTable } from '../../shared/aws/dynamodb-table.ts';
import { tableName } from '../../shared/aws/testing/dynamodb.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { renewedBy, renewGeneration } from '../../shared/ledger/generation.ts';
import { type DeployedWorld, type Instance, openDeployed, tokens } from './deployed-world.ts';
import { byKey, policy, review } from './documents.ts';

// What one instance found of an image's attestations, asked of another: verified predicates come out of the table, conditions are asked
// each time, and what is announced is believed at once.

type Attributes = Record<string, AttributeValue>;
type Format = 'att' | 'bundle';

const scanType = 'https://cosign.sigstore.dev/attestation/vuln/v1';
const minute = 60_000;
const name = 'team/app';
let world: DeployedWorld;

beforeEach(async () => {
  world = await openDeployed();
  world.secrets.set('tokens', JSON.stringify({ prod: [tokens.prod] }));
  world.secrets.set('mac-keys', JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
  await wanting({ key: '{{ critical }}', operator: 'Equals', value: 0 });
});
afterEach(() => world.close());

async function wanting(condition: object): Promise<void> {
  const attestors = [{ entries: [byKey(world.team)] }];
  const attestations = [{ name: 'scan', type: scanType, attestors, conditions: [{ all: [condition] }] }];
  const entry = [`attestations: ${JSON.stringify(attestations)}`];
  await world.policies({ 'scanned.yaml': policy({ images: `${world.registry.host}/*`, entry }) });
}

async function started(): Promise<Instance> {
  const instance = world.start();
  await instance.loadAll();
  return instance;
}

const pushed = () => makeImage(world.destination, name, '1');
const scanned = (digest: Digest, predicate: object, format: Format = 'att') =>
  attest(world.destination, { repository: name, digest, key: world.team, predicateType: scanType, predicate, format });

/** `allowed`, or the reason, and how many requests the registry got. */
async function ask(instance: Instance, digest: Digest, namespace = 'default'): Promise<[string, number]> {
  world.registry.requests.length = 0;
  const container = { name: 'c', image: `${world.registry.host}/${name}@${digest}` };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace },
    spec: { containers: [container] },
  };
  const { allowed, message } = await instance.send(`/prod/mutate/fail/${tokens.prod}`, review(pod));
  const reason = allowed ? 'allowed' : (/\((\S+)\): /.exec(message)?.[1] ?? message);
  return [reason, world.registry.count()];
}

/** What a function does that hears of a push of this tag. */
async function announce(tag: string | undefined): Promise<void> {
  const table = dynamoTable({ client: world.dynamo.client, tableName, metrics: { count: () => undefined } });
  const guard = renewedBy(tag, { registry: world.registry.host, path: name });
  await renewGeneration(table, guard, { clock: () => world.now, signal: AbortSignal.timeout(5000) });
}

const fromRegistry = expect.any(Number);

test('another instance answers from the table, with conditions evaluated', async () => {
  const digest = await pushed();
  await scanned(digest, { critical: 0 });
  const [one, other] = [await started(), await started()];
  expect(await ask(one, digest)).toEqual(['allowed', fromRegistry]);
  expect(await ask(other, digest)).toEqual(['allowed', 0]);
  expect(other.records.at(-1)?.images[0]).toMatchObject({ reason: 'verified', source: 'ledger' });
  // Stricter conditions ask of the same predicates, which do not meet them.
  await wanting({ key: '{{ critical }}', operator: 'GreaterThan', value: 0 });
  expect(await ask(await started(), digest)).toEqual(['condition-failed', fromRegistry]);
});

describe.each<[Format, (digest: Digest) => string]>([
  ['att', (digest) => `${digest.replace(':', '-')}.att`],
  ['bundle', (digest) => digest.replace(':', '-')],
])('as %s, a statement pushed after a verdict was stored, which fails', (format, tagOf) => {
  test('is denied everywhere once its event was handled', async () => {
    const digest = await pushed();
    await scanned(digest, { critical: 0 }, format);
    const [one, other] = [await started(), await started()];
    for (const instance of [one, other]) expect((await ask(instance, digest))[0]).toBe('allowed');
    await scanned(digest, { critical: 7 }, format);
    for (const instance of [one, other]) expect(await ask(instance, digest)).toEqual(['allowed', 0]);
    await announce(tagOf(digest));
    for (const instance of [one, other, await started()]) {
      expect(await ask(instance, digest)).toEqual(['condition-failed', fromRegistry]);
    }
  });

  test('is denied after the TTL where no event came, and one that is good goes on to be allowed', async () => {
    const [digest, good] = [await pushed(), await makeImage(world.destination, name, '2', { label: 'good' })];
    for (const each of [digest, good]) await scanned(each, { critical: 0 }, format);
    const instance = await started();
    for (const each of [digest, good]) expect((await ask(instance, each))[0]).toBe('allowed');
    await scanned(digest, { critical: 7 }, format);
    await scanned(good, { critical: 0, again: true }, format);
    world.now += 60 * minute - 1;
    for (const each of [digest, good]) expect(await ask(instance, each)).toEqual(['allowed', 0]);
    world.now += 1;
    expect(await ask(instance, digest)).toEqual(['condition-failed', fromRegistry]);
    expect(await ask(instance, good)).toEqual(['allowed', fromRegistry]);
  });
});

test('an event about another digest forgets nothing, one about the repository everything', async () => {
  const digest = await pushed();
  await scanned(digest, { critical: 0 });
  const instance = await started();
  await ask(instance, digest);
  await announce(`sha256-${'0'.repeat(64)}.att`);
  expect(await ask(instance, digest)).toEqual(['allowed', 0]);
  await announce(undefined);
  expect(await ask(instance, digest)).toEqual(['allowed', fromRegistry]);
  expect((await ask(instance, digest))[1]).toBe(0);
});

test('conditions about the time never answer from what was stored', async () => {
  const digest = await pushed();
  await scanned(digest, { scannedAt: new Date(world.now).toISOString() });
  const key = "{{ time_since('', scannedAt, '') }}";
  await wanting({ key, operator: 'LessThanOrEquals', value: '30m' });
  const [one, other] = [await started(), await started()];
  await ask(one, digest);
  world.now += 30 * minute;
  expect(await ask(other, digest)).toEqual(['allowed', 0]);
  world.now += minute;
  for (const instance of [one, other]) expect(await ask(instance, digest)).toEqual(['condition-failed', fromRegistry]);
  world.now -= minute;
  for (const instance of [one, other]) expect(await ask(instance, digest)).toEqual(['allowed', 0]);
});

test('conditions about the request never answer for another request', async () => {
  const digest = await pushed();
  await scanned(digest, { namespaces: ['shop', 'cart'] });
  await wanting({ key: '{{ request.namespace }}', operator: 'AnyIn', value: '{{ namespaces }}' });
  const [one, other] = [await started(), await started()];
  expect(await ask(one, digest, 'shop')).toEqual(['allowed', fromRegistry]);
  expect((await ask(one, digest, 'bank'))[0]).toBe('condition-failed');
  expect((await ask(other, digest, 'bank'))[0]).toBe('condition-failed');
  expect(await ask(other, digest, 'cart')).toEqual(['allowed', 0]);
});

describe('the predicate in the table', () => {
  const changes: Record<string, [(item: Attributes) => Attributes, string]> = {
    'of other bytes': [(item) => ({ ...item, body: { B: Buffer.from('no brotli') } }), 'malformed'],
    'as text': [(item) => ({ ...item, body: { S: '{"critical":0}' } }), 'malformed'],
    'without a body': [({ body: _, ...item }) => item, 'malformed'],
  };

  test.each(Object.entries(changes))('%s is a miss: fetched and verified once more', async (_, [change, reason]) => {
    const digest = await pushed();
    await scanned(digest, { critical: 0 });
    await ask(await started(), digest);
    await world.put(change(await predicate()));
    const other = await started();
    expect(await ask(other, digest)).toEqual(['allowed', fromRegistry]);
    expect(other.counted).toContain(`ledger-item-refused item=predicate reason=${reason}`);
  });

  test('of what another statement says, which would meet the conditions, is a miss: the condition is not met', async () => {
    const [bad, good] = [await pushed(), await makeImage(world.destination, name, '2', { label: 'good' })];
    await wanting({ key: '{{ critical }}', operator: 'LessThan', value: 9 });
    await scanned(bad, { critical: 7 });
    await ask(await started(), bad);
    const [stored] = await predicates();
    await scanned(good, { critical: 0 });
    await ask(await started(), good);
    const other = (await predicates()).find(({ pk }) => pk?.S !== stored?.['pk']?.S);
    if (stored === undefined || other?.['body'] === undefined) throw new Error('no predicates');
    await world.put({ ...stored, body: other['body'] });
    await wanting({ key: '{{ critical }}', operator: 'Equals', value: 0 });
    const instance = await started();
    expect(await ask(instance, bad)).toEqual(['condition-failed', fromRegistry]);
    expect(instance.counted).toContain('ledger-item-refused item=predicate reason=hash');
    expect(await ask(instance, good)).toEqual(['allowed', 0]);
  });

  test('that is too large for an item is not kept, nor cut: each instance fetches it', async () => {
    const digest = await pushed();
    await scanned(digest, { critical: 0, noise: randomBytes(600_000).toString('base64') });
    const instance = await started();
    expect(await ask(instance, digest)).toEqual(['allowed', fromRegistry]);
    expect(await predicates()).toEqual([]);
    expect((await ask(await started(), digest))[1]).toBeGreaterThan(0);
  });

  const predicates = async () => (await world.items()).filter(({ pk }) => pk?.S?.startsWith('pred#'));
  async function predicate(): Promise<Attributes> {
    const [found, another] = await predicates();
    if (found === undefined || another !== undefined) throw new Error('not one predicate');
    return found;
  }
});
