import type { LookupFunction } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { digestOf, on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { startServer, type TestServer, trickle } from '../../shared/net/testing/server.ts';
import { openWorld, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { bundleV03, makeItem } from '../fixtures/attached.ts';
import { attachItems } from './attach.ts';

/** All names lead to loopback, so that one registry is many hosts. */
const lookup: LookupFunction = (_name, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

let world: World;
let signed: Digest;
let unsigned: Digest;
beforeEach(async () => {
  world = await openWorld({ core: { door: { addresses: 'any', lookup } } });
  const { destination, team: key } = world;
  signed = await makeImage(destination, 'team/signed', '1');
  await sign(destination, { repository: 'team/signed', digest: signed, key, format: 'sig' });
  unsigned = await makeImage(destination, 'team/unsigned', '1', { label: 'unsigned' });
});
afterEach(() => world.close());

const failurePolicies = ['Fail', 'Ignore'] as const;
const rule = (failurePolicy: 'Fail' | 'Ignore') => policy({ images: '*', keys: [world.team], failurePolicy });
const send = (...images: string[]): Promise<Response> => world.send('/mutate', review(pod(images)), { timeout: '20s' });
const signedImage = () => `${world.registry.host}/team/signed@${signed}`;
const unsignedImage = () => `${world.registry.host}/team/unsigned@${unsigned}`;

/** Sixty-four references to what no registry has: as many images as a review may have. */
function absent(pod: number, host = (_: number) => world.registry.host): string[] {
  return Array.from(
    { length: 64 },
    (_, index) => `${host(index)}/hostile/app@${digestOf(Buffer.from(`${pod} ${index}`))}`,
  );
}

describe.each(failurePolicies)('three Pods of absent digests beside a neighbour, failurePolicy %s', (failurePolicy) => {
  test('the neighbour is answered in twice the rounds that it takes alone', async () => {
    for (const [image, allowed] of [
      [signedImage(), true],
      [unsignedImage(), false],
    ] as const) {
      world.policies(rule(failurePolicy));
      const alone = await world.registry.rounds.measure(() => send(image));
      expect(alone.value.allowed).toBe(allowed);
      // What was verified is asked for again: the neighbour stands for any that is not known yet.
      world.now += 24 * 3_600_000;
      const hostile: Promise<Response>[] = [];
      const beside = await world.registry.rounds.measure(() => {
        for (let index = 0; index < 3; index++) hostile.push(send(...absent(index)));
        return send(image);
      });
      expect(beside.value).toMatchObject(allowed ? { allowed, warnings: [] } : { allowed, code: 403 });
      expect(beside.rounds.length).toBeLessThanOrEqual(2 * alone.rounds.length);
      for (const answer of await Promise.all(hostile)) expect(answer).toMatchObject({ allowed: false, code: 403 });
      world.now += 24 * 3_600_000;
    }
  });

  test('and where each of their images is on a host of its own that never answers', async () => {
    world.policies(rule(failurePolicy));
    world.registry.settings.intercept = on({ name: 'hostile/app' }, { kind: 'hang' });
    const host = (pod: number) => (index: number) => `h${pod}-${index}.localhost:${world.registry.port}`;
    let ended = 0;
    const hostile = [0, 1, 2].map((index) => send(...absent(index, host(index))).finally(() => ended++));
    // More than there are permits wait, or are under way.
    while (world.registry.count({ name: 'hostile/app' }) < 80) await nextTurn();
    expect(await send(signedImage())).toMatchObject({ allowed: true, warnings: [] });
    expect(await send(unsignedImage())).toMatchObject({ allowed: false, code: 403 });
    expect(ended).toBe(0);
    // Nobody has named those hosts, so together they have half of the permits.
    expect(world.registry.count({ name: 'hostile/app' })).toBeLessThanOrEqual(100);
    await world.registry.close();
    await Promise.all(hostile);
  });
});

describe.each(failurePolicies)('a quota that a Pod of absent tags uses up, failurePolicy %s', (failurePolicy) => {
  /** A registry that answers so many requests, and then asks to be left alone for a minute. */
  function quota(requests: number): void {
    let left = requests;
    world.registry.settings.intercept = () =>
      left-- > 0 ? undefined : { kind: 'status', status: 429, headers: { 'retry-after': '60' } };
  }
  const tags = () => Array.from({ length: 64 }, (_, index) => `${world.registry.host}/hostile/app:${index}`);

  test('costs what was under way when the registry said so, and nobody asks it until then', async () => {
    world.policies(rule(failurePolicy));
    quota(10);
    await send(...tags());
    // One request for each tag, and of 64 no more than 50 are under way at a time.
    expect(world.registry.count()).toBeLessThanOrEqual(60);
    expect(world.waits).toEqual([]);
    world.registry.requests.length = 0;
    const later = await send(signedImage());
    expect(later.allowed).toBe(failurePolicy === 'Ignore');
    expect(`${later.message}${later.warnings}`).toContain('it is left alone for another');
    expect(world.registry.count()).toBe(0);
    // What is remembered ends with its time.
    world.registry.settings.intercept = undefined;
    world.now += 60_000;
    expect(await send(signedImage())).toMatchObject({ allowed: true, warnings: [] });
    expect(await send(unsignedImage())).toMatchObject({ allowed: false, code: 403 });
  });

  test('without a word for how long, one request tries again for all', async () => {
    world.policies(rule(failurePolicy));
    world.registry.settings.intercept = () => ({ kind: 'status', status: 429 });
    await send(...tags());
    expect(world.waits).toHaveLength(3);
    expect(world.registry.count()).toBeLessThanOrEqual(53);
  });
});

describe.each(failurePolicies)('beside a registry of the author’s own, failurePolicy %s', (failurePolicy) => {
  let hostile: TestServer;
  let answer: Parameters<typeof startServer>[0];
  beforeEach(async () => {
    hostile = await startServer((request, response) => answer(request, response));
  });
  afterEach(() => hostile.close());
  const port = () => hostile.host.split(':')[1];

  test.each([
    ['404', { status: 404, headers: {} }],
    ['login', { status: 401, headers: { 'www-authenticate': 'Basic' } }],
    ['failure', { status: 500, headers: {} }],
    ['redirect', { status: 307, headers: { location: 'http://127.0.0.1:9/' } }],
  ])('bodies of a %s that trickle keep no permit once nobody wants them', async (_, { status, headers }) => {
    await using own = await openWorld({
      core: { door: { addresses: 'any', lookup, discardTimeout: 50 }, registries: [] },
    });
    const { destination, team: key, registry } = own;
    const digest = await makeImage(destination, 'team/app', '1');
    await sign(destination, { repository: 'team/app', digest, key, format: 'sig' });
    const unsigned = await makeImage(destination, 'team/app', '2', { label: 'unsigned' });
    own.policies(policy({ images: '*', keys: [key], failurePolicy }));
    answer = (_request, response) => trickle(response, status, headers);
    const ask = (images: string[], timeout: string) => own.send('/mutate', review(pod(images)), { timeout });
    // As many reviews as there are permits for hosts that nobody has named; each ends before its time: nothing is aborted with it.
    for (let index = 0; index < 100; index++) {
      expect(await ask([`h${index}.localhost:${port()}/a:1`], '2s')).toMatchObject({ allowed: false, code: 403 });
    }
    // The same permits are for this host, which nobody has named either.
    const image = `neighbour.localhost:${registry.port}/team/app`;
    expect(await ask([`${image}@${digest}`], '5s')).toMatchObject({ allowed: true, warnings: [] });
    expect(await ask([`${image}@${unsigned}`], '5s')).toMatchObject({ allowed: false, code: 403 });
  });

  test('a registry that asks to be left alone is not asked by way of redirects, and one that does not is', async () => {
    const redirected = (name: string) => world.registry.count({ name });
    answer = (request, response) => {
      response.writeHead(307, { location: `http://${world.registry.host}${request.url}` }).end();
    };
    world.policies(policy({ images: ['*', `${world.registry.host}/*`], keys: [world.team], failurePolicy }));
    const images = (round: number, repository: string) =>
      Array.from({ length: 64 }, (_, index) => `r${round}.localhost:${port()}/${repository}/a${index}:1`);
    expect(await send(...images(0, 'before'))).toMatchObject({ allowed: false, code: 403 });
    expect(redirected('before/a0')).toBe(1);

    world.registry.settings.intercept = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '60' } });
    await send(signedImage());
    // What is attached is asked for along with the image, on a connection that is made meanwhile.
    while (world.registry.count({ kind: 'referrers' }) === 0) await nextTurn();
    world.registry.requests.length = 0;
    for (const round of [1, 2, 3]) {
      expect(await send(...images(round, 'during'))).toMatchObject({ allowed: false, code: 403 });
    }
    expect(world.registry.count()).toBe(0);

    world.registry.settings.intercept = undefined;
    world.now += 60_000;
    expect(await send(signedImage())).toMatchObject({ allowed: true, warnings: [] });
    expect(await send(`r4.localhost:${port()}/team/signed@${signed}`)).toMatchObject({ allowed: true, warnings: [] });
  });
});

describe.each(failurePolicies)('one review that takes much of a named registry, failurePolicy %s', (failurePolicy) => {
  const megabyte = 1024 * 1024;
  const named = () =>
    policy({
      images: `${world.registry.host}/*`,
      keys: [world.team],
      failurePolicy,
      spec: ['webhookTimeoutSeconds: 2'],
    });
  const ask = (...images: string[]) => world.send('/mutate', review(pod(images)), { timeout: '2s' });
  /** Begins to answer, and goes on for longer than anybody waits. */
  const slow = { kind: 'endless', bytes: 10_000, contentLength: megabyte } as const;

  test('fifty large attachments leave permits for a neighbour, who is answered before they are read', async () => {
    world.policies(named());
    const junk = await makeImage(world.destination, 'hostile/app', '1', { label: 'junk' });
    const items = Array.from({ length: 50 }, (_, index) =>
      makeItem(bundleV03, Buffer.concat([Buffer.from(`{"junk":${index}}`), Buffer.alloc(megabyte, ' ')])),
    );
    attachItems(world, 'hostile/app', junk, items);
    world.registry.settings.intercept = on({ name: 'hostile/app', kind: 'blob' }, slow);
    let ended = 0;
    const hostile = ask(`${world.registry.host}/hostile/app@${junk}`).finally(() => ended++);
    while (world.registry.count({ name: 'hostile/app', kind: 'blob' }) < 10) await nextTurn();
    expect(await ask(signedImage())).toMatchObject({ allowed: true, warnings: [] });
    expect(await ask(unsignedImage())).toMatchObject({
      allowed: false,
      code: 403,
      message: expect.stringContaining('(no-signature)'),
    });
    expect(ended).toBe(0);
    expect(world.registry.count({ name: 'hostile/app', kind: 'blob' })).toBe(10);
    expect(await hostile).toMatchObject({ allowed: false, code: 403 });
  });

  test('who waits for what it is being answered, until the time ends, is denied; where nothing is answered, the registry is down', async () => {
    world.policies(named());
    const tagged = `${world.registry.host}/team/unsigned:1`;
    for (const [fault, answer] of [
      [slow, { allowed: false, code: 403, message: expect.stringContaining('denied (too-many-reviews)') }],
      [
        { kind: 'hang' },
        failurePolicy === 'Fail'
          ? { allowed: false, code: 503 }
          : { allowed: true, warnings: [expect.stringContaining('deadline')] },
      ],
    ] as const) {
      world.registry.settings.intercept = on({ name: 'hostile/app' }, fault);
      world.registry.requests.length = 0;
      const hostile = ask(...absent(0));
      while (world.registry.count({ name: 'hostile/app' }) < 50) await nextTurn();
      expect(await ask(tagged)).toMatchObject(answer);
      await hostile;
    }
    world.registry.settings.intercept = undefined;
    expect(await ask(tagged)).toMatchObject({
      allowed: false,
      message: expect.stringContaining('denied (no-signature)'),
    });
  });

  test('a host that blobs are redirected to, and that asks to slow down, is left alone, and the registry is not', async () => {
    world.policies(named());
    await using storage = await openWorld();
    storage.registry.settings.intercept = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '40' } });
    const { destination, team: key, registry } = world;
    const redirected = await makeImage(destination, 'hostile/app', '1', { label: 'redirected' });
    await sign(destination, { repository: 'hostile/app', digest: redirected, key, format: 'sig' });
    const to = `http://${storage.registry.host}/v2/blob`;
    registry.settings.intercept = on({ name: 'hostile/app', kind: 'blob' }, { kind: 'redirect', to });
    const image = `${registry.host}/hostile/app@${redirected}`;
    for (let round = 0; round < 2; round++) {
      const throttled = await ask(image);
      expect(`${throttled.message}${throttled.warnings}`).toContain('registry-throttled');
      expect(storage.registry.count()).toBe(1);
      expect(await ask(signedImage())).toMatchObject({ allowed: true, warnings: [] });
      expect(await ask(unsignedImage())).toMatchObject({ allowed: false, code: 403 });
    }
    world.now += 40_000;
    registry.settings.intercept = undefined;
    expect(await ask(image)).toMatchObject({ allowed: true, warnings: [] });
  });
});

test('one connection is enough: no request keeps its permit while it waits for another', async () => {
  for (const format of ['sig', 'bundle'] as const) {
    await using narrow = await openWorld({
      core: { door: { addresses: 'any', connections: 1, permits: 1 } },
      registry: { auth: { scheme: 'bearer' }, referrers: 'off' },
    });
    const { destination, team: key, registry } = narrow;
    const images: string[] = [];
    for (let index = 0; index < 5; index++) {
      const repository = `team/app-${index}`;
      const digest = await makeImage(destination, repository, '1', { label: `${index}` });
      await sign(destination, { repository, digest, key, format });
      images.push(`${registry.host}/${repository}:1`);
    }
    const pull = on({ kind: 'blob' }, (request) =>
      request.path.includes('?') ? undefined : { kind: 'redirect', to: `${request.path}?again` },
    );
    registry.settings.intercept = pull;
    narrow.policies(policy({ images: '*', keys: [key] }));
    const answer = await narrow.send('/mutate', review(pod(images)));
    expect(answer).toMatchObject({ allowed: true, warnings: [] });
  }
});
