import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { attest, makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { byKey, pod, policy, review } from '../e2e/documents.ts';
import { type AwsWorld, type Instance, openAws, tokens } from './aws-world.ts';

// What was attested, in one table on DynamoDB Local: instances of the function in processes of their own answer from its predicates.

type Attributes = Record<string, AttributeValue>;

const type = 'https://example.test/scan/v1';
const day = 24 * 3_600_000;
let world: AwsWorld;
let one: Instance;
let other: Instance;
let made = 0;

beforeAll(async () => {
  world = await openAws();
  await world.policies({
    'prod/scanned.yaml': wanting({ key: '{{ critical }}', operator: 'Equals', value: 0 }),
    'staging/fresh.yaml': wanting({
      key: "{{ time_since('', scannedAt, '') }}",
      operator: 'LessThanOrEquals',
      value: '168h',
    }),
  });
  [one, other] = await Promise.all([world.start(), world.start()]);
  // DynamoDB Local's first calls may take longer than the ledger waits.
  for (let round = 0; round < 5; round += 1) {
    const image = await attested();
    for (const instance of [one, other]) await ask(instance, image);
  }
});
afterAll(() => world?.close());
beforeEach(async () => {
  await Promise.all([one.ahead(0), other.ahead(0)]);
});

function wanting(condition: object): string {
  const attestors = [{ entries: [byKey(world.team)] }];
  const attestations = [{ name: 'scan', type, attestors, conditions: [{ all: [condition] }] }];
  return policy({ images: `${world.registry.host}/team/*`, entry: [`attestations: ${JSON.stringify(attestations)}`] });
}

interface Attested {
  readonly path: string;
  readonly digest: Digest;
}

/** An image of its own for each test, with a scan that is unlike every other. */
async function attested(): Promise<Attested> {
  made += 1;
  const path = `team/scanned${made}-x`;
  const digest = await makeImage(world.destination, path, 'v1', { label: path });
  await scan({ path, digest }, 0);
  return { path, digest };
}

function scan({ path, digest }: Attested, critical: number) {
  const predicate = { critical, scannedAt: new Date().toISOString(), path };
  const format = made % 2 === 0 ? 'att' : 'bundle';
  const by = { repository: path, digest, key: world.team };
  return attest(world.destination, { ...by, predicateType: type, predicate, format });
}

/** `allowed`, or the reason, and how many requests the registry got. */
async function ask(
  instance: Instance,
  { path, digest }: Attested,
  cluster: 'prod' | 'staging' = 'prod',
): Promise<[string, number]> {
  world.registry.requests.length = 0;
  const object = review(pod([`${world.registry.host}/${path}@${digest}`]));
  const { allowed, message } = await instance.send(`/${cluster}/mutate/fail/${tokens[cluster]}`, object);
  return [allowed ? 'allowed' : (/\((\S+)\): /.exec(message)?.[1] ?? message), world.registry.count()];
}

const fromRegistry = expect.any(Number);

/** The item of the predicate that is stored by `storing`. */
async function predicateOf(storing: () => Promise<unknown>): Promise<Attributes> {
  const predicates = async () => (await world.table.items()).filter(({ pk }) => pk?.S?.startsWith('pred#'));
  const before = new Set((await predicates()).map(({ pk }) => pk?.S));
  await storing();
  const [found, another] = (await predicates()).filter(({ pk }) => !before.has(pk?.S));
  if (found === undefined || another !== undefined) throw new Error('not one predicate');
  return found;
}

test('a second instance answers from the table, with its conditions evaluated, without a request to the registry', async () => {
  const image = await attested();
  expect(await ask(one, image)).toEqual(['allowed', fromRegistry]);
  expect(await ask(other, image)).toEqual(['allowed', 0]);
  expect(other.admission).toMatchObject({ images: [{ reason: 'verified', source: 'ledger' }] });
  const late = await world.start();
  expect(await ask(late, image)).toEqual(['allowed', 0]);
  await late.stop();
});

test('a predicate is found by its hash, says nothing else in the clear, and is deleted after what may name it', async () => {
  const image = await attested();
  const { pk, sk, body, mac, deleteAt } = await predicateOf(() => ask(one, image));
  expect([pk?.S, sk?.S, mac]).toEqual([expect.stringMatching(/^pred#[0-9a-f]{64}$/), 'pred', undefined]);
  expect(body?.B).toBeInstanceOf(Uint8Array);
  expect(Number(deleteAt?.N) * 1000).toBeGreaterThan(Date.now() + day);
});

test('conditions about the time are asked on each use: of what was stored they pass until it is too old', async () => {
  const image = await attested();
  expect(await ask(one, image, 'staging')).toEqual(['allowed', fromRegistry]);
  expect(await ask(other, image, 'staging')).toEqual(['allowed', 0]);
  await other.ahead(8 * day);
  expect(await ask(other, image, 'staging')).toEqual(['condition-failed', fromRegistry]);
  await other.ahead(0);
  expect(await ask(other, image, 'staging')).toEqual(['allowed', 0]);
});

test('a failing statement that was pushed afterwards is denied everywhere once its event was handled', async () => {
  const image = await attested();
  for (const instance of [one, other]) await ask(instance, image);
  await scan(image, 7);
  for (const instance of [one, other]) expect(await ask(instance, image)).toEqual(['allowed', 0]);
  const repository = { registry: world.registry.host, path: image.path };
  await other.renew({ repository, digest: image.digest });
  for (const instance of [one, other]) expect(await ask(instance, image)).toEqual(['condition-failed', fromRegistry]);
});

describe('a predicate that somebody changed is a miss: the image is verified once more, and that is counted', () => {
  const changes: Record<string, [(item: Attributes) => Attributes, string]> = {
    'to other bytes': [(item) => ({ ...item, body: { B: Buffer.from('no brotli') } }), 'malformed'],
    'to text': [(item) => ({ ...item, body: { S: '{"critical":0}' } }), 'malformed'],
    'by a byte': [({ body, ...item }) => ({ ...item, body: { B: flipped(body?.B) } }), 'malformed'],
    'to nothing': [({ body: _, ...item }) => item, 'malformed'],
  };

  test.each(Object.entries(changes))('%s', async (_, [change, reason]) => {
    const image = await attested();
    await world.table.put(change(await predicateOf(() => ask(one, image))));
    expect(await ask(other, image)).toEqual(['allowed', fromRegistry]);
    expect(other.counted).toContainEqual(
      expect.stringMatching(new RegExp(`^ledger-item-refused item=predicate reason=(?:${reason}|hash)$`)),
    );
  });

  test('to what another statement says', async () => {
    const [image, twin] = [await attested(), await attested()];
    const item = await predicateOf(() => ask(one, image));
    const { body } = await predicateOf(() => ask(one, twin));
    if (body === undefined) throw new Error('a predicate without a body');
    await world.table.put({ ...item, body });
    expect(await ask(other, image)).toEqual(['allowed', fromRegistry]);
    expect(other.counted).toContain('ledger-item-refused item=predicate reason=hash');
    expect(await ask(other, twin)).toEqual(['allowed', 0]);
  });
});

function flipped(bytes: Uint8Array = new Uint8Array()): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[copy.length - 3] = (copy[copy.length - 3] ?? 0) ^ 0xff;
  return copy;
}
