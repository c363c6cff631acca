import type { SeenRequest } from '../../local/registry/server.ts';
import { makeImage, newKey, type SignRequest, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import {
  byKey,
  openWorld,
  type PolicyParts,
  pod,
  policy,
  type Response,
  review,
  type World,
  type WorldOptions,
} from './harness.ts';

type Format = NonNullable<SignRequest['format']>;

const minute = 60_000;
let made = 0;

/** A signed image in a world of its own. */
async function withImage(format: Format, options: WorldOptions = {}, count = 1) {
  const world = await openWorld(options);
  const images: { tagged: string; pinned: string; digest: Digest }[] = [];
  for (let index = 0; index < count; index++) {
    const repository = `rounds/app-${index}`;
    const digest = await makeImage(world.destination, repository, '1', { label: `${made++}` });
    await sign(world.destination, { repository, digest, key: world.team, format });
    const name = `${world.registry.host}/${repository}`;
    images.push({ tagged: `${name}:1`, pinned: `${name}@${digest}`, digest });
  }
  const [first = { tagged: '', pinned: '', digest: '' as Digest }] = images;
  world.policies(rule(world));
  return { world, images, ...first, [Symbol.asyncDispose]: () => world.close() };
}

function rule(world: World, parts: Partial<PolicyParts> = {}): string {
  return policy({ images: `${world.registry.host}/rounds/*`, keys: [world.team], ...parts });
}

async function admit(world: World, images: string | readonly string[], purpose = 'mutate'): Promise<Response> {
  const answer = await world.send(`/${purpose}`, review(pod(typeof images === 'string' ? [images] : images)));
  expect(answer).toMatchObject({ allowed: true, warnings: [] });
  return answer;
}

/** The rounds of requests that a review takes, and nothing sent that was not needed. */
async function roundsOf(world: World, images: string | readonly string[]): Promise<SeenRequest[][]> {
  const { rounds } = await world.registry.rounds.measure(() => admit(world, images));
  return rounds;
}

/** How many requests a review sends. */
async function requestsOf(world: World, images: string | readonly string[], purpose?: string): Promise<number> {
  world.registry.requests.length = 0;
  await admit(world, images, purpose);
  return world.registry.requests.length;
}

describe('sequential rounds of requests', () => {
  const cases: readonly { format: Format; referrers: 'on' | 'off' | 'empty'; tag: number }[] = [
    { format: 'sig', referrers: 'on', tag: 3 },
    { format: 'sig', referrers: 'off', tag: 3 },
    { format: 'bundle', referrers: 'on', tag: 4 },
    { format: 'bundle', referrers: 'off', tag: 4 },
    { format: 'bundle', referrers: 'empty', tag: 4 },
    { format: 'message-bundle', referrers: 'on', tag: 4 },
    { format: 'oci11', referrers: 'on', tag: 4 },
  ];
  test.each(cases)(
    '$format, referrers $referrers: $tag by tag, one less by digest',
    async ({ format, referrers, tag }) => {
      await using byTag = await withImage(format, { registry: { referrers } });
      expect(await roundsOf(byTag.world, byTag.tagged)).toHaveLength(tag);
      await using byDigest = await withImage(format, { registry: { referrers } });
      expect(await roundsOf(byDigest.world, byDigest.pinned)).toHaveLength(tag - 1);
    },
  );

  test('the .sig tag, the referrers and the fallback tag are asked in one round, the image among them', async () => {
    await using one = await withImage('sig');
    const [sources = [], blobs = [], ...more] = await roundsOf(one.world, one.pinned);
    const hex = one.digest.slice('sha256:'.length);
    expect(sources.map(({ reference }) => reference).sort()).toEqual(
      [`sha256-${hex}`, `sha256-${hex}.sig`, one.digest, one.digest].sort(),
    );
    expect(blobs.map(({ kind }) => kind)).toEqual(['blob']);
    expect(more).toEqual([]);
  });

  test('a bearer challenge adds two, once', async () => {
    const registry = { auth: { scheme: 'bearer' } } as const;
    await using one = await withImage('sig', { registry });
    const { world } = one;
    expect(await roundsOf(world, one.tagged)).toHaveLength(5);
    // The pointer has run out, the token (300 s) has not.
    world.now += 31_000;
    expect(await roundsOf(world, one.tagged)).toHaveLength(1);
    world.policies(rule(world, { entry: ['useCache: false'] }));
    expect(await roundsOf(world, one.tagged)).toHaveLength(3);
  });

  test('ten images side by side take the rounds of one', async () => {
    for (const [format, rounds] of [
      ['sig', 3],
      ['bundle', 4],
    ] as const) {
      await using ten = await withImage(format, {}, 10);
      expect(
        await roundsOf(
          ten.world,
          ten.images.map(({ tagged }) => tagged),
        ),
      ).toHaveLength(rounds);
      expect(new Set(ten.world.registry.requests.map(({ name }) => name)).size).toBe(10);
    }
  });
});

describe('the same image again', () => {
  test('eight containers with one image: the requests of one', async () => {
    await using one = await withImage('bundle');
    const single = await requestsOf(one.world, one.tagged);
    await using eight = await withImage('bundle');
    const answer = await requestsOf(
      eight.world,
      Array.from({ length: 8 }, () => eight.tagged),
    );
    expect(answer).toBe(single);
  });

  test('reviews at the same time share what is in flight', async () => {
    await using one = await withImage('bundle');
    const single = await requestsOf(one.world, one.tagged);
    await using many = await withImage('bundle');
    many.world.registry.requests.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => admit(many.world, many.tagged)));
    expect(many.world.registry.requests).toHaveLength(single);
  });

  test('by digest: none within the TTL of 60 minutes, all over again after it', async () => {
    await using one = await withImage('sig');
    const { world, pinned } = one;
    const first = await requestsOf(world, pinned);
    expect(first).toBe(5);
    expect(await requestsOf(world, pinned)).toBe(0);
    expect(await requestsOf(world, pinned, 'validate')).toBe(0);
    world.now += 60 * minute - 1;
    expect(await requestsOf(world, pinned)).toBe(0);
    expect(world.records.at(-1)?.images[0]).toMatchObject({ reason: 'verified', source: 'ledger' });
    world.now += 2;
    expect(await requestsOf(world, pinned)).toBe(first);
  });

  test('by tag: none within the pointer’s 30 seconds, then the tag alone, and all of it after the TTL', async () => {
    await using one = await withImage('sig');
    const { world, tagged } = one;
    const first = await requestsOf(world, tagged);
    world.now += 29_999;
    expect(await requestsOf(world, tagged)).toBe(0);
    world.now += 2;
    expect(await requestsOf(world, tagged)).toBe(1);
    world.now += 60 * minute;
    expect(await requestsOf(world, tagged)).toBe(first);
  });

  test('the call to validate that follows asks nothing: the image is pinned by then', async () => {
    await using one = await withImage('bundle');
    const { patch } = await admit(one.world, one.tagged);
    expect(await requestsOf(one.world, String(patch[0]?.value), 'validate')).toBe(0);
  });

  test('a tag and a digest of one image share its verification', async () => {
    await using one = await withImage('bundle');
    await admit(one.world, one.pinned);
    expect(await requestsOf(one.world, one.tagged)).toBe(1);
    expect(await requestsOf(one.world, `${one.tagged}@${one.digest}`)).toBe(0);
  });

  test('the digest decides: a tag that moved does not change what a digest says', async () => {
    await using one = await withImage('sig');
    const { world } = one;
    await admit(world, one.tagged);
    const other = await makeImage(world.destination, 'rounds/app-0', '1', { label: 'moved and unsigned' });
    world.now += 30_001;
    const answer = await world.send('/mutate', review(pod([one.tagged])));
    expect(answer).toMatchObject({ code: 403, message: expect.stringContaining(other) });
    expect(await requestsOf(world, `${one.tagged}@${one.digest}`)).toBe(0);
  });

  test('within the pointer’s life a denial is asked again before it is given', async () => {
    await using one = await withImage('sig');
    const { world } = one;
    const repository = 'rounds/app-9';
    const name = `${world.registry.host}/${repository}:1`;
    await makeImage(world.destination, repository, '1', { label: 'unsigned' });
    expect(await world.send('/mutate', review(pod([name])))).toMatchObject({ code: 403 });
    const digest = await makeImage(world.destination, repository, '1', { label: 'fixed' });
    await sign(world.destination, { repository, digest, key: world.team });
    expect((await admit(world, name)).patch[0]?.value).toBe(`${name}@${digest}`);
  });

  test('a denial is never remembered: signed since, admitted', async () => {
    await using one = await withImage('sig');
    const { world } = one;
    const repository = 'rounds/app-8';
    const digest = await makeImage(world.destination, repository, '1', { label: 'late' });
    const image = `${world.registry.host}/${repository}@${digest}`;
    expect(await world.send('/mutate', review(pod([image])))).toMatchObject({ code: 403 });
    await sign(world.destination, { repository, digest, key: world.team });
    await admit(world, image);
  });
});

describe('who shares a verification', () => {
  test('two policies and two rules that ask the same', async () => {
    await using one = await withImage('bundle');
    const single = await requestsOf(one.world, one.tagged);
    await using two = await withImage('bundle');
    const { world } = two;
    world.policies(rule(world, { name: 'first' }), rule(world, { name: 'second', failurePolicy: 'Ignore' }));
    expect(await requestsOf(world, two.tagged)).toBe(single);
    expect(world.records.at(-1)?.images.map(({ policy, reason }) => [policy, reason])).toEqual([
      ['first', 'verified'],
      ['second', 'verified'],
    ]);
  });

  test('the Pod of a Deployment that was verified', async () => {
    await using one = await withImage('bundle');
    const { world, pinned } = one;
    const template = { spec: { template: { spec: pod([pinned]).spec } } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, ...template };
    expect(await world.send('/mutate', review(deployment))).toMatchObject({ allowed: true });
    expect(world.records.at(-1)?.images[0]?.rule).toBe('autogen-check');
    expect(await requestsOf(world, pinned)).toBe(0);
  });

  test('not rules with another key, which find the same evidence in the same requests', async () => {
    await using one = await withImage('bundle');
    const { world, pinned } = one;
    const single = await requestsOf(world, pinned);
    world.now += 2 * 60 * minute;
    world.policies(rule(world), rule(world, { name: 'other', action: 'Audit', keys: [world.stranger] }));
    world.registry.requests.length = 0;
    expect(await world.send('/mutate', review(pod([pinned])))).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('other')],
    });
    expect(world.registry.requests).toHaveLength(single);
    // The first is remembered now, and says nothing for the second.
    expect(await world.send('/mutate', review(pod([pinned])))).toMatchObject({ warnings: [expect.anything()] });
  });

  test('a verification is not carried over to an entry that asks for more', async () => {
    await using one = await withImage('bundle');
    const { world, pinned } = one;
    await admit(world, pinned);
    const both = [{ entries: [byKey(world.team), byKey(newKey())] }];
    for (const parts of [{ attestors: both }, { entry: ['annotations: {env: prod}'] }]) {
      world.policies(rule(world, parts));
      expect(await world.send('/mutate', review(pod([pinned])))).toMatchObject({ code: 403 });
    }
  });
});

describe('the cache’s settings', () => {
  const settings = { enabled: true, maxSize: 1000, ttlMs: 60 * minute, tagPointers: 'on' } as const;

  test('useCache: false verifies every time, tag and digest', async () => {
    await using one = await withImage('sig');
    const { world, tagged, pinned } = one;
    world.policies(rule(world, { entry: ['useCache: false'] }));
    const first = await requestsOf(world, tagged);
    expect(first).toBe(5);
    expect(await requestsOf(world, tagged)).toBe(first);
    expect(await requestsOf(world, pinned)).toBe(first);
  });

  test('nothing that useCache: false found is used by others, nor the other way round', async () => {
    await using one = await withImage('sig');
    const { world, pinned } = one;
    world.policies(rule(world, { entry: ['useCache: false'] }));
    const first = await requestsOf(world, pinned);
    world.policies(rule(world));
    expect(await requestsOf(world, pinned)).toBe(first);
    expect(await requestsOf(world, pinned)).toBe(0);
    world.policies(rule(world, { entry: ['useCache: false'] }));
    expect(await requestsOf(world, pinned)).toBe(first);
  });

  test('imageVerifyCacheEnabled: false remembers neither verifications nor pointers', async () => {
    await using one = await withImage('sig', { core: { ledger: { ...settings, enabled: false } } });
    const first = await requestsOf(one.world, one.tagged);
    expect(await requestsOf(one.world, one.tagged)).toBe(first);
  });

  test('imageVerifyCacheTTLDuration is the life of a verification', async () => {
    await using one = await withImage('sig', { core: { ledger: { ...settings, ttlMs: 2 * minute } } });
    const first = await requestsOf(one.world, one.pinned);
    one.world.now += 2 * minute - 1;
    expect(await requestsOf(one.world, one.pinned)).toBe(0);
    one.world.now += 2;
    expect(await requestsOf(one.world, one.pinned)).toBe(first);
  });

  test('imageVerifyCacheMaxSize is a bound: the images that were asked about last are remembered, the first no more', async () => {
    await using five = await withImage('sig', { core: { ledger: { ...settings, maxSize: 2 } } }, 5);
    const images = five.images.map(({ pinned }) => pinned);
    for (const image of images) await admit(five.world, image);
    expect(await requestsOf(five.world, images[4] ?? '')).toBe(0);
    expect(await requestsOf(five.world, images[3] ?? '')).toBe(0);
    expect(await requestsOf(five.world, images[0] ?? '')).toBe(5);
  });

  test('tagPointers: off resolves every time, and no more than that', async () => {
    await using one = await withImage('sig', { core: { ledger: { ...settings, tagPointers: 'off' } } });
    await admit(one.world, one.tagged);
    expect(await requestsOf(one.world, one.tagged)).toBe(1);
    expect(await requestsOf(one.world, one.pinned)).toBe(0);
  });
});
