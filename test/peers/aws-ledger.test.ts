import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { newKey } from '../../local/signer/keys.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { pod, policy, review } from '../e2e/documents.ts';
import { type AwsResponse, type AwsWorld, type Instance, openAws, tokens } from './aws-world.ts';

// One table on DynamoDB Local, as infra/ defines it, and instances of the function in processes of their own.

type Attributes = Record<string, AttributeValue>;

const hour = 3_600_000;
let world: AwsWorld;
let one: Instance;
let other: Instance;
let unsigned: string;
let made = 0;
const otherTeam = newKey();

beforeAll(async () => {
  world = await openAws();
  const { registry, destination, team } = world;
  await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
  unsigned = `${registry.host}/team/unsigned:1`;
  const images = `${registry.host}/team/*`;
  await world.policies({
    'prod/signed.yaml': policy({ images, keys: [team] }),
    'staging/signed.yaml': policy({ images, keys: [otherTeam] }),
  });
  [one, other] = await Promise.all([world.start(), world.start()]);
  // DynamoDB Local's first calls may take longer than the ledger waits.
  for (let round = 0; round < 5; round += 1) {
    const { byTag } = await signedImage();
    await admitted(one, byTag);
    await admitted(other, byTag);
  }
});
afterAll(() => world?.close());
beforeEach(async () => {
  await Promise.all([one.ahead(0), other.ahead(0)]);
});

interface Signed {
  readonly repository: { readonly registry: string; readonly path: string };
  readonly digest: Digest;
  readonly byTag: string;
  readonly byDigest: string;
}

/** A signed image of its own for each test. */
async function signedImage(): Promise<Signed> {
  const { registry, destination, team } = world;
  made += 1;
  // No name is the beginning of another.
  const path = `team/app${made}-x`;
  const digest = await makeImage(destination, path, 'v1', { label: path });
  await sign(destination, { repository: path, digest, key: team });
  const name = `${registry.host}/${path}`;
  const repository = { registry: registry.host, path };
  return { repository, digest, byTag: `${name}:v1`, byDigest: `${name}@${digest}` };
}

function ask(instance: Instance, ...names: string[]): Promise<AwsResponse> {
  return instance.send(`/prod/mutate/fail/${tokens.prod}`, review(pod(names)));
}

/** The review is admitted. How many requests the registry got for it. */
async function admitted(instance: Instance, ...names: string[]): Promise<number> {
  world.registry.requests.length = 0;
  const answer = await ask(instance, ...names);
  expect(answer).toMatchObject({ statusCode: 200, allowed: true });
  return world.registry.count();
}

async function itemOf(start: 'tag#' | 'img#' | 'gen#', part: string): Promise<Attributes> {
  const found = (await world.table.items()).find(({ pk }) => pk?.S?.startsWith(start) && pk.S.includes(part));
  if (found === undefined) throw new Error(`no item ${start} of ${part}`);
  return found;
}

test('what one process verified is a hit in another, by tag and by digest: the registry gets no request', async () => {
  const image = await signedImage();
  expect(await admitted(one, image.byTag)).toBeGreaterThan(0);
  for (const name of [image.byTag, image.byDigest]) {
    expect(await admitted(other, name)).toBe(0);
    expect(other.admission).toMatchObject({ allowed: true, images: [{ result: 'pass', source: 'ledger' }] });
    expect(other.admission.images[0].image).toContain(image.digest);
  }
  expect(other.counted).toEqual(['verdict result=pass reason=verified']);
});

test('an image that was asked for by digest is a hit by tag as soon as the tag has been resolved', async () => {
  const image = await signedImage();
  await admitted(one, image.byDigest);
  expect(await admitted(other, image.byTag)).toBe(1);
  expect(await admitted(one, image.byTag)).toBe(0);
});

test('a process that starts later has nothing in its memory, and asks the registry nothing either', async () => {
  const image = await signedImage();
  await admitted(one, image.byTag);
  const late = await world.start();
  expect(await admitted(late, image.byTag)).toBe(0);
  await late.stop();
});

test.each(['repository', 'digest'] as const)(
  'a change of the %s, told by one, is seen by all at once',
  async (what) => {
    const image = await signedImage();
    await admitted(one, image.byDigest);
    expect([await admitted(one, image.byDigest), await admitted(other, image.byDigest)]).toEqual([0, 0]);
    await other.renew({ repository: image.repository, ...(what === 'digest' ? { digest: image.digest } : {}) });
    expect(await admitted(one, image.byDigest)).toBeGreaterThan(0);
    expect(await admitted(other, image.byDigest)).toBe(0);
  },
);

test('a tag that moved to an image that nobody signed is denied everywhere once the change is told', async () => {
  const image = await signedImage();
  expect([await admitted(one, image.byTag), await admitted(other, image.byTag)]).toEqual([expect.any(Number), 0]);
  const { path } = image.repository;
  await makeImage(world.destination, path, 'v1', { label: 'another' });
  await one.renew({ repository: image.repository });
  for (const instance of [one, other]) expect(await ask(instance, image.byTag)).toMatchObject({ allowed: false });
  expect(await admitted(other, image.byDigest)).toBeGreaterThan(0);
});

test('each item says when DynamoDB may delete it: by its own life, and generations for 7 days', async () => {
  expect(await world.table.ttlAttribute()).toBe('deleteAt');
  const image = await signedImage();
  const began = Date.now();
  await admitted(one, image.byTag);
  await one.renew({ repository: image.repository });
  const life = { 'tag#': 30_000, 'img#': hour };
  for (const start of ['tag#', 'img#'] as const) {
    const ms = life[start];
    const item = await itemOf(start, image.repository.path);
    const { expiresAt, deleteAt } = item;
    expect(Number(expiresAt?.N)).toBeGreaterThanOrEqual(began + ms);
    expect(Number(expiresAt?.N)).toBeLessThanOrEqual(Date.now() + ms);
    expect(Number(deleteAt?.N)).toBe(Math.ceil(Number(expiresAt?.N) / 1000));
  }
  const generation = await itemOf('gen#', image.repository.path);
  expect(Number(generation['deleteAt']?.N)).toBeGreaterThanOrEqual(began / 1000 + 7 * 24 * 3600);
  expect(generation).not.toHaveProperty('mac');
});

test('what is over is a miss while DynamoDB still has it', async () => {
  const image = await signedImage();
  await admitted(one, image.byTag);
  await other.ahead(15_000);
  expect(await admitted(other, image.byTag)).toBe(0);
  // The pointer's 30 s: the tag is resolved again, the verification stands.
  await other.ahead(45_000);
  expect(await admitted(other, image.byTag)).toBe(1);
  await other.ahead(hour - 60_000);
  expect(await admitted(other, image.byDigest)).toBe(0);
  const still = await itemOf('img#', image.repository.path);
  await other.ahead(hour + 60_000);
  expect(await admitted(other, image.byDigest)).toBeGreaterThan(0);
  // It was there all the time, under the same key; now it is a new one.
  const fresh = await itemOf('img#', image.repository.path);
  expect(fresh['sk']).toEqual(still['sk']);
  expect(Number(fresh['expiresAt']?.N)).toBeGreaterThan(Number(still['expiresAt']?.N));
});

test('what was made to last longer by a writer of the table is refused', async () => {
  const image = await signedImage();
  await admitted(one, image.byDigest);
  const item = await itemOf('img#', image.repository.path);
  const never = Date.now() + 1000 * hour;
  await world.table.put({ ...item, expiresAt: { N: String(never) }, deleteAt: { N: String(never / 1000) } });
  await other.ahead(2 * hour);
  expect(await admitted(other, image.byDigest)).toBeGreaterThan(0);
  expect(other.counted).toContain('ledger-item-refused item=verification reason=malformed');
});

describe('an item that somebody changed is a miss: the image is verified once more, and that is counted', () => {
  const changes: Record<string, [(item: Attributes) => Attributes, string]> = {
    'its body': [(item) => ({ ...item, body: { S: `${item['body']?.S} ` } }), 'mac'],
    'its body, to no JSON': [(item) => ({ ...item, body: { S: '{"digest":' } }), 'mac'],
    'its body, to bytes': [(item) => ({ ...item, body: { B: Buffer.from('{}') } }), 'malformed'],
    'its MAC': [(item) => ({ ...item, mac: { S: '2.AAAA' } }), 'mac'],
    'its MAC, to another version': [(item) => ({ ...item, mac: { S: `1${item['mac']?.S?.slice(1)}` } }), 'version'],
    'its MAC, to none': [({ mac: _, ...item }) => item, 'mac'],
  };

  test.each(Object.entries(changes))('%s', async (_, [change, reason]) => {
    const image = await signedImage();
    await admitted(one, image.byTag);
    for (const start of ['tag#', 'img#'] as const) {
      await world.table.put(change(await itemOf(start, image.repository.path)));
    }
    expect(await admitted(other, image.byTag)).toBeGreaterThan(0);
    expect(other.counted).toContain(`ledger-item-refused item=pointer reason=${reason}`);
    expect(other.counted).toContain(`ledger-item-refused item=verification reason=${reason}`);
    // What was found out is in its place again.
    expect(await admitted(await restarted(), image.byTag)).toBe(0);
  });

  async function restarted(): Promise<Instance> {
    await other.stop();
    other = await world.start();
    return other;
  }

  test('copied to the key of an image that nobody signed: that stays denied', async () => {
    const image = await signedImage();
    await admitted(one, image.byTag);
    const pointer = await itemOf('tag#', image.repository.path);
    const verification = await itemOf('img#', image.repository.path);
    const name = unsigned.slice(0, unsigned.lastIndexOf(':'));
    const digest = world.registry.store.manifest('team/unsigned', '1')?.digest;
    await world.table.put({ ...pointer, pk: { S: `tag#${unsigned}` } });
    await world.table.put({ ...verification, pk: { S: `img#${name}@${digest}` } });
    const answer = await ask(other, unsigned);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    for (const item of ['pointer', 'verification']) {
      expect(other.counted).toContain(`ledger-item-refused item=${item} reason=mac`);
    }
    expect(await admitted(other, image.byTag)).toBe(0);
  });

  test('copied to the sort key of another check: an image that the other team signed stays denied', async () => {
    const path = `/staging/mutate/fail/${tokens.staging}`;
    // The other check's sort key is known from an image that passes it.
    const passing = await signedImage();
    const { digest } = passing;
    await sign(world.destination, { repository: passing.repository.path, digest, key: otherTeam });
    expect(await other.send(path, review(pod([passing.byDigest])))).toMatchObject({ allowed: true });
    const { sk } = await itemOf('img#', passing.repository.path);

    const image = await signedImage();
    await admitted(one, image.byDigest);
    const own = await itemOf('img#', image.repository.path);
    expect(own['sk']).not.toEqual(sk);
    if (sk === undefined) throw new Error('an item without a sort key');
    await world.table.put({ ...own, sk });
    expect(await other.send(path, review(pod([image.byDigest])))).toMatchObject({ allowed: false, code: 403 });
    expect(other.counted).toContain('ledger-item-refused item=verification reason=mac');
  });
});

test('nothing is written but pointers and verifications, whatever is asked; generations come from those who renew', async () => {
  await world.table.drop();
  await world.table.create();
  const { registry } = world;
  const image = await signedImage();
  const host = registry.host;
  const hostile = [
    `${host}/team/unsigned:1`,
    `${host}/team/absent:1`,
    `${host}/team/absent@sha256:${'0'.repeat(64)}`,
    `${host}/team/gen#${host}/team/app1:gen`,
    `${host}/team/app1:gen#`,
    `gen#${host}/team/app1`,
    `pred#${'0'.repeat(64)}`,
    `adm#prod/${host}`,
    `${host}/team/app1@sha256:short`,
    `${host}/team/../../secrets:1`,
    `${host}/team/${'a'.repeat(3000)}:1`,
    `${host}/other/app:1`,
    `elsewhere.example/team/app:1`,
    `${host}/team/app1:sha256-${'1'.repeat(64)}.sig`,
    '',
    '$(cat /etc/passwd)',
    '__proto__',
  ];
  const seen: boolean[] = [];
  for (const name of [...hostile, image.byTag, image.byDigest]) {
    const { statusCode, allowed = false } = await ask(one, name);
    expect([name, statusCode]).toEqual([name, 200]);
    seen.push(allowed);
  }
  await one.send(`/prod/validate/fail/${tokens.prod}`, review(pod([image.byDigest, unsigned])));
  await one.send(`/prod/mutate/audit/${tokens.prod}`, review(pod([unsigned])));
  await one.send(`/prod/mutate/fail/${tokens.prod}`, review(pod([image.byTag]), undefined, { dryRun: true }));
  await one.send(`/prod/mutate/fail/wrong`, review(pod([image.byTag])));
  await one.send(`/prod/mutate/fail/${tokens.prod}`, undefined, { body: '{"__proto__":{"pk":"gen#a"}}' });
  expect(seen.slice(-2)).toEqual([true, true]);
  // Of the hostile ones, only what no rule covers and what names no image are admitted.
  expect(hostile.filter((_, at) => seen[at])).toEqual([`${host}/other/app:1`, `elsewhere.example/team/app:1`, '']);

  const keys = (await world.table.items()).map(({ pk, sk }) => [pk?.S, sk?.S]).sort();
  const digest = registry.store.manifest('team/unsigned', '1')?.digest;
  expect(keys).toEqual([
    [`img#${host}/${image.repository.path}@${image.digest}`, expect.stringMatching(/^check#[0-9a-f]{64}$/)],
    [`tag#${host}/${image.repository.path}:v1`, 'pointer'],
    [`tag#${host}/team/unsigned:1`, 'pointer'],
  ]);
  expect(JSON.parse((await itemOf('tag#', 'unsigned'))['body']?.S ?? '')).toMatchObject({ digest });

  await one.renew({ repository: image.repository });
  await one.renew({ repository: image.repository, digest: image.digest });
  const generations = (await world.table.items()).filter(({ sk }) => sk?.S === 'gen').map(({ pk }) => pk?.S);
  const name = `gen#${host}/${image.repository.path}`;
  expect(generations.sort()).toEqual([name, `${name}@${image.digest}`]);
});

test('a table that is deleted while the function runs: every image is verified at its registry, with the right answers', async () => {
  const image = await signedImage();
  await admitted(one, image.byTag);
  expect(await admitted(one, image.byTag)).toBe(0);
  await world.table.drop();
  try {
    for (const instance of [one, other]) {
      expect(await admitted(instance, image.byTag)).toBeGreaterThan(0);
      expect(instance.counted).toContain('table-failed operation=read reason=missing');
      expect(instance.counted).toContain('ledger-read-failed');
      const denied = await ask(instance, image.byTag, unsigned);
      expect(denied).toMatchObject({ allowed: false, code: 403 });
      expect(denied.message).toContain('team/unsigned');
    }
  } finally {
    await world.table.create();
  }
  // The table is back, empty: what one remembers is good again, since no generation says otherwise, and the other verifies.
  expect(await admitted(one, image.byTag)).toBe(1);
  expect(await admitted(other, image.byTag)).toBeGreaterThan(0);
  expect(await admitted(await world.start(), image.byTag)).toBe(0);
});
