import type { LookupFunction } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { digestOf, on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openStage, pod, policy, type Response, review, type Stage } from '../e2e/harness.ts';

/** All names lead to loopback, so that one registry is many hosts. */
const lookup: LookupFunction = (_name, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

let stage: Stage;
let signed: Digest;
let unsigned: Digest;
beforeEach(async () => {
  stage = await openStage({ core: { door: { addresses: 'any', lookup } } });
  const { target, team: key } = stage;
  signed = await makeImage(target, 'team/signed', '1');
  await sign(target, { repository: 'team/signed', digest: signed, key, format: 'sig' });
  unsigned = await makeImage(target, 'team/unsigned', '1', { label: 'unsigned' });
});
afterEach(() => stage.close());

const failurePolicies = ['Fail', 'Ignore'] as const;
const rule = (failurePolicy: 'Fail' | 'Ignore') => policy({ images: '*', keys: [stage.team], failurePolicy });
const send = (...images: string[]): Promise<Response> => stage.send('/mutate', review(pod(images)), { timeout: '20s' });
const signedImage = () => `${stage.registry.host}/team/signed@${signed}`;
const unsignedImage = () => `${stage.registry.host}/team/unsigned@${unsigned}`;

/** Sixty-four references to what no registry has: as many images as a review may have. */
function absent(pod: number, host = (_: number) => stage.registry.host): string[] {
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
      stage.policies(rule(failurePolicy));
      const alone = await stage.registry.rounds.measure(() => send(image));
      expect(alone.value.allowed).toBe(allowed);
      // What was verified is asked for again: the neighbour stands for any that is not known yet.
      stage.now += 24 * 3_600_000;
      const hostile: Promise<Response>[] = [];
      const beside = await stage.registry.rounds.measure(() => {
        for (let index = 0; index < 3; index++) hostile.push(send(...absent(index)));
        return send(image);
      });
      expect(beside.value).toMatchObject(allowed ? { allowed, warnings: [] } : { allowed, code: 403 });
      expect(beside.rounds.length).toBeLessThanOrEqual(2 * alone.rounds.length);
      for (const answer of await Promise.all(hostile)) expect(answer).toMatchObject({ allowed: false, code: 403 });
      stage.now += 24 * 3_600_000;
    }
  });

  test('and where each of their images is on a host of its own that never answers', async () => {
    stage.policies(rule(failurePolicy));
    stage.registry.settings.intercept = on({ name: 'hostile/app' }, { kind: 'hang' });
    const host = (pod: number) => (index: number) => `h${pod}-${index}.localhost:${stage.registry.port}`;
    let ended = 0;
    const hostile = [0, 1, 2].map((index) => send(...absent(index, host(index))).finally(() => ended++));
    // More than there are places wait, or are under way.
    while (stage.registry.count({ name: 'hostile/app' }) < 80) await nextTurn();
    expect(await send(signedImage())).toMatchObject({ allowed: true, warnings: [] });
    expect(await send(unsignedImage())).toMatchObject({ allowed: false, code: 403 });
    expect(ended).toBe(0);
    // Nobody has named those hosts, so together they have half of the places.
    expect(stage.registry.count({ name: 'hostile/app' })).toBeLessThanOrEqual(100);
    await stage.registry.close();
    await Promise.all(hostile);
  });
});

describe.each(failurePolicies)('a quota that a Pod of absent tags uses up, failurePolicy %s', (failurePolicy) => {
  /** A registry that answers so many requests, and then asks to be left alone for a minute. */
  function quota(requests: number): void {
    let left = requests;
    stage.registry.settings.intercept = () =>
      left-- > 0 ? undefined : { kind: 'status', status: 429, headers: { 'retry-after': '60' } };
  }
  const tags = () => Array.from({ length: 64 }, (_, index) => `${stage.registry.host}/hostile/app:${index}`);

  test('costs what was under way when the registry said so, and nobody asks it until then', async () => {
    stage.policies(rule(failurePolicy));
    quota(10);
    await send(...tags());
    // One request for each tag, and of 64 no more than 50 are under way at a time.
    expect(stage.registry.count()).toBeLessThanOrEqual(60);
    expect(stage.waits).toEqual([]);
    stage.registry.requests.length = 0;
    const later = await send(signedImage());
    expect(later.allowed).toBe(failurePolicy === 'Ignore');
    expect(`${later.message}${later.warnings}`).toContain('it is left alone for another');
    expect(stage.registry.count()).toBe(0);
    // What is remembered ends with its time.
    stage.registry.settings.intercept = undefined;
    stage.now += 60_000;
    expect(await send(signedImage())).toMatchObject({ allowed: true, warnings: [] });
    expect(await send(unsignedImage())).toMatchObject({ allowed: false, code: 403 });
  });

  test('without a word for how long, one request tries again for all', async () => {
    stage.policies(rule(failurePolicy));
    stage.registry.settings.intercept = () => ({ kind: 'status', status: 429 });
    await send(...tags());
    expect(stage.waits).toHaveLength(3);
    expect(stage.registry.count()).toBeLessThanOrEqual(53);
  });
});

test('one connection is enough: no request keeps its place while it waits for another', async () => {
  for (const format of ['sig', 'bundle'] as const) {
    await using narrow = await openStage({
      core: { door: { addresses: 'any', connections: 1, places: 1 } },
      registry: { auth: { scheme: 'bearer' }, referrers: 'off' },
    });
    const { target, team: key, registry } = narrow;
    const images: string[] = [];
    for (let index = 0; index < 5; index++) {
      const repository = `team/app-${index}`;
      const digest = await makeImage(target, repository, '1', { label: `${index}` });
      await sign(target, { repository, digest, key, format });
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
