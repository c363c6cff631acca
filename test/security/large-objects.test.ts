import { setImmediate as nextTurn } from 'node:timers/promises';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, type PodParts, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { startCpu } from '../fixtures/cpu.ts';

// Whoever writes an object says how many names it holds, and how long they are. That must cost nobody else the time of a review.

const failurePolicies = ['Fail', 'Ignore'] as const;
const digestOf = (index: number) => `@sha256:${'a'.repeat(60)}${String(index).padStart(4, '0')}`;
/** Names of Amazon ECR, each with seven others, that begin to fit the patterns at many places and never do. */
const longNames = Array.from({ length: 1000 }, (_, index) => {
  const path = `${'a.dkr.ecr.b.amazonaws.co/team-1x/'.repeat(5)}x${index}`;
  return `123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/${path}:${'a.dkr.ecr.'.repeat(12)}${digestOf(index)}`;
});

/** Milliseconds that pass whenever somebody looks: each look stands for the work before it. */
function ticking(perLook: number) {
  const time = { now: 0, perLook };
  const elapsed = () => {
    time.now += time.perLook;
    return time.now;
  };
  return { time, elapsed };
}

/** Counts the turns that others have while something is waited for. */
async function turnsDuring<T>(waited: Promise<T>): Promise<{ readonly value: T; readonly turns: number }> {
  let turns = 0;
  let running = true;
  const counting = (async () => {
    while (running) {
      await nextTurn();
      turns += 1;
    }
  })();
  const value = await waited;
  running = false;
  await counting;
  return { value, turns };
}

describe.each(failurePolicies)('1000 long names that no rule covers, failurePolicy %s', (failurePolicy) => {
  const { time, elapsed } = ticking(0);
  let world: World;
  let unsigned: string;
  beforeAll(async () => {
    world = await openWorld({ core: { elapsed } });
    const rules = Array.from({ length: 20 }, (_, index) =>
      policy({
        name: `p${index}`,
        images: [`*.dkr.ecr.*.amazonaws.com/team-${index}/*`, `*/team-${index}/*`],
        keys: [world.team],
        failurePolicy,
      }),
    );
    world.policies(...rules, policy({ images: `${world.registry.host}/*`, keys: [world.team], failurePolicy }));
    await makeImage(world.destination, 'team/unsigned', '1');
    unsigned = `${world.registry.host}/team/unsigned:1`;
  });
  beforeEach(() => {
    time.perLook = 0;
  });
  afterAll(() => world.close());

  const send = (asked: unknown): Promise<Response> => world.send('/mutate', asked);
  const many = (parts: PodParts = {}) => pod(longNames, parts);

  test.each([
    ['created', () => review(many())],
    ['with every image as it was', () => review(many({ labels: { a: 'b' } }), many())],
  ])('others have their turn while they are compared: %s', async (_, asked) => {
    time.perLook = 1;
    const { value, turns } = await turnsDuring(send(asked()));
    expect(value).toMatchObject({ allowed: true, warnings: [] });
    // Of the slices, one in ten ends a turn.
    expect(turns).toBeGreaterThan(30);
  });

  test('the time that they take is nobody’s failure: the object is denied, and one that leaves them alone is not', async () => {
    time.perLook = 100;
    const { allowed, code, message } = await send(review(many()));
    expect({ allowed, code }).toEqual({ allowed: false, code: 403 });
    expect(message).toContain('(object-too-slow)');
    expect(message).toContain("the object's 1000 images");
    expect(await send(review(many({ labels: { a: 'b' } }), many()))).toMatchObject({ allowed: true, warnings: [] });
    time.perLook = 0;
    expect(await send(review(many()))).toMatchObject({ allowed: true, warnings: [] });
  });

  test('an unsigned image beside ten of them is answered before they are', async () => {
    time.perLook = 1;
    let ended = 0;
    const hostile = Array.from({ length: 10 }, () => send(review(many())).finally(() => ended++));
    const answer = await send(review(pod([unsigned])));
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('(no-signature)');
    expect(ended).toBe(0);
    await Promise.all(hostile);
  });
});

describe.each(failurePolicies)(
  'long labels that the filters of 100 rules look at, failurePolicy %s',
  (failurePolicy) => {
    const { time, elapsed } = ticking(0);
    let world: World;
    beforeAll(async () => {
      world = await openWorld({ core: { elapsed } });
      const match = `any: [{resources: {kinds: [Pod]}}]
      exclude:
        any: [{resources: {kinds: [Pod], selector: {matchLabels: {"*": "?*-x"}}}}]`;
      const rules = Array.from({ length: 100 }, (_, index) =>
        policy({ name: `p${index}`, images: `${world.registry.host}/*`, keys: [world.team], failurePolicy, match }),
      );
      world.policies(...rules);
    });
    beforeEach(() => {
      time.perLook = 0;
    });
    afterAll(() => world.close());

    const send = (asked: unknown): Promise<Response> => world.send('/mutate', asked);
    const image = () => `${world.registry.host}/team/app:1`;
    const labels = Object.fromEntries(
      Array.from({ length: 2500 }, (_, at) => [`l${at}`, `${'-'.repeat(50)}${at % 2 === 0 ? '' : '-y'}`]),
    );
    const few = { app: 'web' };

    test.each([
      ['created', () => review(pod(['ghcr.io/other/app:1'], { labels }))],
      ['with every image as it was', () => review(pod([image()], { labels: few }), pod([image()], { labels }))],
    ])('others have their turn while they are compared: %s', async (_, asked) => {
      time.perLook = 1;
      const { value, turns } = await turnsDuring(send(asked()));
      expect(value).toMatchObject({ allowed: true, warnings: [] });
      expect(turns).toBeGreaterThan(8);
    });

    test.each([
      ['of the object', (long: typeof labels) => review(pod(['ghcr.io/other/app:1'], { labels: long }))],
      ['of the old object', (long: typeof labels) => review(pod([image()]), pod([image()], { labels: long }))],
    ])('the time that they take is nobody’s failure: %s', async (_, reviewOf) => {
      time.perLook = 100;
      const { allowed, code, message } = await send(reviewOf(labels));
      expect({ allowed, code }).toEqual({ allowed: false, code: 403 });
      expect(message).toContain('(object-too-slow): the time ended while the object');
      expect(await send(reviewOf(few))).toMatchObject({ allowed: true, warnings: [] });
      time.perLook = 0;
      expect(await send(reviewOf(labels))).toMatchObject({ allowed: true, warnings: [] });
    });

    test.each([
      ['a name', { name: 'n'.repeat(254) }, { name: 'n'.repeat(253) }],
      ['a label', { labels: { a: 'v'.repeat(64) } }, { labels: { a: 'v'.repeat(63) } }],
      ['annotations', { annotations: { a: 'v'.repeat(300_000) } }, { annotations: { a: 'v'.repeat(200_000) } }],
    ])('%s longer than an API server takes: denied before anything is compared', async (_, long, within) => {
      const asked = (parts: PodParts) => review(pod(['ghcr.io/other/app:1'], parts));
      const { allowed, message } = await send(asked(long));
      expect(allowed).toBe(false);
      expect(message).toContain('invalid (object-malformed): metadata.');
      expect(await send(asked(within))).toMatchObject({ allowed: true, warnings: [] });
      // An old object that no API server holds vouches for nothing.
      const update = (parts: PodParts) => review(pod([image()]), pod([image()], parts));
      expect(await send(update(long))).toMatchObject({ allowed: false });
      expect(await send(update(within))).toMatchObject({ allowed: true, warnings: [] });
    });
  },
);

describe.each(failurePolicies)('what nobody reads is not escaped, failurePolicy %s', (failurePolicy) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  /** Milliseconds of CPU that a review takes; a name of this length cost seconds for each rule. */
  async function cost(object: unknown): Promise<number> {
    const asked = JSON.stringify(review(object));
    const spent = startCpu();
    await world.send('/mutate', asked);
    return spent();
  }

  test('a name of megabytes costs what its characters cost, under rules that enforce and rules that audit', async () => {
    const [audits, enforces] = (['Audit', 'Enforce'] as const).map((action) =>
      Array.from({ length: 4 }, (_, index) =>
        policy({ name: `${action.toLowerCase()}-${index}`, action, images: '*', keys: [world.team], failurePolicy }),
      ),
    );
    world.policies(...(audits ?? []), ...(enforces ?? []));
    const containerOf = (name: string) => ({ ...pod([]), spec: { containers: [{ name, image: 'BAD image' }] } });
    const plain = await cost(containerOf('n'.repeat(1_500_000)));
    expect(await cost(containerOf('\u007f'.repeat(1_500_000)))).toBeLessThan(plain + 1000);
    expect((await world.send('/mutate', review(containerOf('web')))).allowed).toBe(false);
    expect((await world.send('/mutate', review(pod([])))).allowed).toBe(true);
  });
});

describe.each(failurePolicies)('what is written about an object, failurePolicy %s', (failurePolicy) => {
  let world: World;
  let signed: string;
  beforeAll(async () => {
    world = await openWorld();
    const { destination, team: key, registry } = world;
    const digest = await makeImage(destination, 'team/signed', '1');
    await sign(destination, { repository: 'team/signed', digest, key });
    await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
    signed = `${registry.host}/team/signed:1`;
  });
  afterAll(() => world.close());
  const image = (name: string) => `${world.registry.host}/${name}`;

  test('1000 long names under 20 rules make a line of the log that holds what failed, and counts the rest', async () => {
    const rules = Array.from({ length: 20 }, (_, index) =>
      policy({
        name: `p${index}`,
        images: '*',
        keys: [world.team],
        failurePolicy,
        entry: [`skipImageReferences: ['*/x']`],
      }),
    );
    world.policies(
      ...rules,
      policy({
        name: 'zz',
        images: '*',
        keys: [world.team],
        failurePolicy,
        entry: ["skipImageReferences: ['*/team/*']"],
      }),
    );
    const { allowed, body } = await world.send('/mutate', review(pod(longNames)));
    expect(allowed).toBe(false);
    const record = world.records.at(-1);
    expect(JSON.stringify(record).length).toBeLessThan(70_000);
    expect((record?.imagesOmitted ?? 0) + (record?.images.length ?? 0)).toBe(21_000);
    expect(body.length).toBeLessThan(200_000);
  });

  test('of results that do not fit, those that failed are kept', async () => {
    world.policies(
      policy({
        images: '*',
        keys: [world.team],
        failurePolicy,
        entry: ["skipImageReferences: ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/*']"],
      }),
    );
    await world.send('/mutate', review(pod([...longNames.slice(1), image('team/unsigned:1')])));
    const [first, second] = world.records.at(-1)?.images ?? [];
    expect([first?.reason, second?.reason]).toEqual(['no-signature', 'image-skipped']);
    await world.send('/mutate', review(pod([longNames[0] ?? '', image('team/unsigned:1')])));
    expect(world.records.at(-1)?.images.map(({ reason }) => reason)).toEqual(['image-skipped', 'no-signature']);
    expect(world.records.at(-1)).not.toHaveProperty('imagesOmitted');
  });

  test.each(['labels', 'annotations'] as const)('%s in a number that nobody writes are not read', async (key) => {
    world.policies(policy({ images: image('*'), keys: [world.team], failurePolicy }));
    const entries = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, '']));
    const refused = await world.send('/mutate', review(pod([signed], { [key]: entries(10_001) })));
    expect(refused).toMatchObject({ allowed: false, code: 403 });
    expect(refused.message).toContain(`metadata.${key} has more than 10000 entries`);
    expect(await world.send('/mutate', review(pod([signed], { [key]: entries(10_000) })))).toMatchObject({
      allowed: true,
    });
  });
});
