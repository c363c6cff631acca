import type { SeenRequest } from '../../local/registry/server.ts';
import { makeImage, newKey, type SignRequest, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import {
  byKey,
  openStage,
  type PolicyParts,
  pod,
  policy,
  type Response,
  review,
  type Stage,
  type StageOptions,
} from './harness.ts';

type Format = NonNullable<SignRequest['format']>;

const minute = 60_000;
let made = 0;

/** A signed image in a stage of its own. */
async function withImage(format: Format, options: StageOptions = {}, count = 1) {
  const stage = await openStage(options);
  const images: { tagged: string; pinned: string; digest: Digest }[] = [];
  for (let index = 0; index < count; index++) {
    const repository = `rounds/app-${index}`;
    const digest = await makeImage(stage.target, repository, '1', { label: `${made++}` });
    await sign(stage.target, { repository, digest, key: stage.team, format });
    const name = `${stage.registry.host}/${repository}`;
    images.push({ tagged: `${name}:1`, pinned: `${name}@${digest}`, digest });
  }
  const [first = { tagged: '', pinned: '', digest: '' as Digest }] = images;
  stage.policies(rule(stage));
  return { stage, images, ...first, [Symbol.asyncDispose]: () => stage.close() };
}

function rule(stage: Stage, parts: Partial<PolicyParts> = {}): string {
  return policy({ images: `${stage.registry.host}/rounds/*`, keys: [stage.team], ...parts });
}

async function admit(stage: Stage, images: string | readonly string[], step = 'mutate'): Promise<Response> {
  const answer = await stage.send(`/${step}`, review(pod(typeof images === 'string' ? [images] : images)));
  expect(answer).toMatchObject({ allowed: true, warnings: [] });
  return answer;
}

/** The rounds of requests that a review takes, and nothing sent that was not needed. */
async function roundsOf(stage: Stage, images: string | readonly string[]): Promise<SeenRequest[][]> {
  const { rounds } = await stage.registry.rounds.measure(() => admit(stage, images));
  return rounds;
}

/** How many requests a review sends. */
async function requestsOf(stage: Stage, images: string | readonly string[], step?: string): Promise<number> {
  stage.registry.requests.length = 0;
  await admit(stage, images, step);
  return stage.registry.requests.length;
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
      expect(await roundsOf(byTag.stage, byTag.tagged)).toHaveLength(tag);
      await using byDigest = await withImage(format, { registry: { referrers } });
      expect(await roundsOf(byDigest.stage, byDigest.pinned)).toHaveLength(tag - 1);
    },
  );

  test('the .sig tag, the referrers and the fallback tag are asked in one round, the image among them', async () => {
    await using one = await withImage('sig');
    const [sources = [], blobs = [], ...more] = await roundsOf(one.stage, one.pinned);
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
    const { stage } = one;
    expect(await roundsOf(stage, one.tagged)).toHaveLength(5);
    // The pointer has run out, the token (300 s) has not.
    stage.now += 31_000;
    expect(await roundsOf(stage, one.tagged)).toHaveLength(1);
    stage.policies(rule(stage, { entry: ['useCache: false'] }));
    expect(await roundsOf(stage, one.tagged)).toHaveLength(3);
  });

  test('ten images side by side take the rounds of one', async () => {
    for (const [format, rounds] of [
      ['sig', 3],
      ['bundle', 4],
    ] as const) {
      await using ten = await withImage(format, {}, 10);
      expect(
        await roundsOf(
          ten.stage,
          ten.images.map(({ tagged }) => tagged),
        ),
      ).toHaveLength(rounds);
      expect(new Set(ten.stage.registry.requests.map(({ name }) => name)).size).toBe(10);
    }
  });
});

describe('the same image again', () => {
  test('eight containers with one image: the requests of one', async () => {
    await using one = await withImage('bundle');
    const single = await requestsOf(one.stage, one.tagged);
    await using eight = await withImage('bundle');
    const answer = await requestsOf(
      eight.stage,
      Array.from({ length: 8 }, () => eight.tagged),
    );
    expect(answer).toBe(single);
  });

  test('reviews at the same time share what is in flight', async () => {
    await using one = await withImage('bundle');
    const single = await requestsOf(one.stage, one.tagged);
    await using many = await withImage('bundle');
    many.stage.registry.requests.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => admit(many.stage, many.tagged)));
    expect(many.stage.registry.requests).toHaveLength(single);
  });

  test('by digest: none within the TTL of 60 minutes, all over again after it', async () => {
    await using one = await withImage('sig');
    const { stage, pinned } = one;
    const first = await requestsOf(stage, pinned);
    expect(first).toBe(5);
    expect(await requestsOf(stage, pinned)).toBe(0);
    expect(await requestsOf(stage, pinned, 'validate')).toBe(0);
    stage.now += 60 * minute - 1;
    expect(await requestsOf(stage, pinned)).toBe(0);
    expect(stage.records.at(-1)?.images[0]).toMatchObject({ reason: 'verified', source: 'ledger' });
    stage.now += 2;
    expect(await requestsOf(stage, pinned)).toBe(first);
  });

  test('by tag: none within the pointer’s 30 seconds, then the tag alone, and all of it after the TTL', async () => {
    await using one = await withImage('sig');
    const { stage, tagged } = one;
    const first = await requestsOf(stage, tagged);
    stage.now += 29_999;
    expect(await requestsOf(stage, tagged)).toBe(0);
    stage.now += 2;
    expect(await requestsOf(stage, tagged)).toBe(1);
    stage.now += 60 * minute;
    expect(await requestsOf(stage, tagged)).toBe(first);
  });

  test('the call to validate that follows asks nothing: the image is pinned by then', async () => {
    await using one = await withImage('bundle');
    const { patch } = await admit(one.stage, one.tagged);
    expect(await requestsOf(one.stage, String(patch[0]?.value), 'validate')).toBe(0);
  });

  test('a tag and a digest of one image share its verification', async () => {
    await using one = await withImage('bundle');
    await admit(one.stage, one.pinned);
    expect(await requestsOf(one.stage, one.tagged)).toBe(1);
    expect(await requestsOf(one.stage, `${one.tagged}@${one.digest}`)).toBe(0);
  });

  test('the digest decides: a tag that moved does not change what a digest says', async () => {
    await using one = await withImage('sig');
    const { stage } = one;
    await admit(stage, one.tagged);
    const other = await makeImage(stage.target, 'rounds/app-0', '1', { label: 'moved and unsigned' });
    stage.now += 30_001;
    const answer = await stage.send('/mutate', review(pod([one.tagged])));
    expect(answer).toMatchObject({ code: 403, message: expect.stringContaining(other) });
    expect(await requestsOf(stage, `${one.tagged}@${one.digest}`)).toBe(0);
  });

  test('within the pointer’s life a denial is asked again before it is given', async () => {
    await using one = await withImage('sig');
    const { stage } = one;
    const repository = 'rounds/app-9';
    const name = `${stage.registry.host}/${repository}:1`;
    await makeImage(stage.target, repository, '1', { label: 'unsigned' });
    expect(await stage.send('/mutate', review(pod([name])))).toMatchObject({ code: 403 });
    const digest = await makeImage(stage.target, repository, '1', { label: 'fixed' });
    await sign(stage.target, { repository, digest, key: stage.team });
    expect((await admit(stage, name)).patch[0]?.value).toBe(`${name}@${digest}`);
  });

  test('a denial is never remembered: signed since, admitted', async () => {
    await using one = await withImage('sig');
    const { stage } = one;
    const repository = 'rounds/app-8';
    const digest = await makeImage(stage.target, repository, '1', { label: 'late' });
    const image = `${stage.registry.host}/${repository}@${digest}`;
    expect(await stage.send('/mutate', review(pod([image])))).toMatchObject({ code: 403 });
    await sign(stage.target, { repository, digest, key: stage.team });
    await admit(stage, image);
  });
});

describe('who shares a verification', () => {
  test('two policies and two rules that ask the same', async () => {
    await using one = await withImage('bundle');
    const single = await requestsOf(one.stage, one.tagged);
    await using two = await withImage('bundle');
    const { stage } = two;
    stage.policies(rule(stage, { name: 'first' }), rule(stage, { name: 'second', failurePolicy: 'Ignore' }));
    expect(await requestsOf(stage, two.tagged)).toBe(single);
    expect(stage.records.at(-1)?.images.map(({ policy, reason }) => [policy, reason])).toEqual([
      ['first', 'verified'],
      ['second', 'verified'],
    ]);
  });

  test('the Pod of a Deployment that was verified', async () => {
    await using one = await withImage('bundle');
    const { stage, pinned } = one;
    const template = { spec: { template: { spec: pod([pinned]).spec } } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, ...template };
    expect(await stage.send('/mutate', review(deployment))).toMatchObject({ allowed: true });
    expect(stage.records.at(-1)?.images[0]?.rule).toBe('autogen-check');
    expect(await requestsOf(stage, pinned)).toBe(0);
  });

  test('not rules with another key, which find the same evidence in the same requests', async () => {
    await using one = await withImage('bundle');
    const { stage, pinned } = one;
    const single = await requestsOf(stage, pinned);
    stage.now += 2 * 60 * minute;
    stage.policies(rule(stage), rule(stage, { name: 'other', action: 'Audit', keys: [stage.stranger] }));
    stage.registry.requests.length = 0;
    expect(await stage.send('/mutate', review(pod([pinned])))).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('other')],
    });
    expect(stage.registry.requests).toHaveLength(single);
    // The first is remembered now, and says nothing for the second.
    expect(await stage.send('/mutate', review(pod([pinned])))).toMatchObject({ warnings: [expect.anything()] });
  });

  test('a verification is not carried over to an entry that asks for more', async () => {
    await using one = await withImage('bundle');
    const { stage, pinned } = one;
    await admit(stage, pinned);
    const both = [{ entries: [byKey(stage.team), byKey(newKey())] }];
    for (const parts of [{ attestors: both }, { entry: ['annotations: {env: prod}'] }]) {
      stage.policies(rule(stage, parts));
      expect(await stage.send('/mutate', review(pod([pinned])))).toMatchObject({ code: 403 });
    }
  });
});

describe('the cache’s settings', () => {
  const settings = { enabled: true, maxSize: 1000, ttlMs: 60 * minute, tagPointers: 'on' } as const;

  test('useCache: false verifies every time, tag and digest', async () => {
    await using one = await withImage('sig');
    const { stage, tagged, pinned } = one;
    stage.policies(rule(stage, { entry: ['useCache: false'] }));
    const first = await requestsOf(stage, tagged);
    expect(first).toBe(5);
    expect(await requestsOf(stage, tagged)).toBe(first);
    expect(await requestsOf(stage, pinned)).toBe(first);
  });

  test('nothing that useCache: false found is used by others, nor the other way round', async () => {
    await using one = await withImage('sig');
    const { stage, pinned } = one;
    stage.policies(rule(stage, { entry: ['useCache: false'] }));
    const first = await requestsOf(stage, pinned);
    stage.policies(rule(stage));
    expect(await requestsOf(stage, pinned)).toBe(first);
    expect(await requestsOf(stage, pinned)).toBe(0);
    stage.policies(rule(stage, { entry: ['useCache: false'] }));
    expect(await requestsOf(stage, pinned)).toBe(first);
  });

  test('imageVerifyCacheEnabled: false remembers neither verifications nor pointers', async () => {
    await using one = await withImage('sig', { core: { ledger: { ...settings, enabled: false } } });
    const first = await requestsOf(one.stage, one.tagged);
    expect(await requestsOf(one.stage, one.tagged)).toBe(first);
  });

  test('imageVerifyCacheTTLDuration is the life of a verification', async () => {
    await using one = await withImage('sig', { core: { ledger: { ...settings, ttlMs: 2 * minute } } });
    const first = await requestsOf(one.stage, one.pinned);
    one.stage.now += 2 * minute - 1;
    expect(await requestsOf(one.stage, one.pinned)).toBe(0);
    one.stage.now += 2;
    expect(await requestsOf(one.stage, one.pinned)).toBe(first);
  });

  test('imageVerifyCacheMaxSize is a bound: the images that were asked about last are remembered, the first no more', async () => {
    await using five = await withImage('sig', { core: { ledger: { ...settings, maxSize: 2 } } }, 5);
    const images = five.images.map(({ pinned }) => pinned);
    for (const image of images) await admit(five.stage, image);
    expect(await requestsOf(five.stage, images[4] ?? '')).toBe(0);
    expect(await requestsOf(five.stage, images[3] ?? '')).toBe(0);
    expect(await requestsOf(five.stage, images[0] ?? '')).toBe(5);
  });

  test('tagPointers: off resolves every time, and no more than that', async () => {
    await using one = await withImage('sig', { core: { ledger: { ...settings, tagPointers: 'off' } } });
    await admit(one.stage, one.tagged);
    expect(await requestsOf(one.stage, one.tagged)).toBe(1);
    expect(await requestsOf(one.stage, one.pinned)).toBe(0);
  });
});
