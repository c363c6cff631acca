import { setImmediate as nextTurn } from 'node:timers/promises';
import { on, times } from '../../local/registry/faults.ts';
import { makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { openWorld, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { bundleV03, cosignItem, dsseItem, makeItem, payloadOf, statementOf } from '../fixtures/attached.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, imageIn } from './attach.ts';

// Reviews share what is under way. What one of them lacks, time, bytes or a turn, is its own, and decides for no other.

let world: World;
const name = 'team/app';
const alice = makeSigner();
const stranger = makeSigner();
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const reference = (suffix: string) => `${world.registry.host}/${name}${suffix}`;
const send = (images: readonly string[], timeout = '10s') => world.send('/mutate', review(pod(images)), { timeout });
const rules = (failurePolicy: 'Fail' | 'Ignore' = 'Fail', seconds = 10) =>
  policy({
    images: `${world.registry.host}/*`,
    attestors: attestorsOf([alice]),
    failurePolicy,
    spec: [`webhookTimeoutSeconds: ${seconds}`],
  });

async function signedImage(tag?: string): Promise<Digest> {
  const digest = await makeImage(world.destination, name, tag, { label: `${Math.random()}` });
  attachItems(world, name, digest, [cosignItem(payloadOf(imageIn(world, name, digest)), alice)]);
  return digest;
}

test('a call with little time gives up where the registry asks for patience, and the one beside it does not', async () => {
  const digest = await signedImage('v1');
  world.policies(rules());
  const once = new Set<string>();
  world.registry.settings.intercept = on({ kind: 'manifest', reference: 'v1' }, ({ path }) => {
    if (once.has(path)) return undefined;
    once.add(path);
    return { kind: 'status', status: 429, headers: { 'retry-after': '2' } };
  });
  const [hasty, patient] = await Promise.all([send([reference(':v1')], '1s'), send([reference(':v1')])]);
  expect(hasty).toMatchObject({ allowed: false, code: 403 });
  expect(hasty.message).toContain('denied (too-little-time)');
  expect(patient).toMatchObject({ allowed: true, warnings: [] });
  expect(digest).toBeDefined();
});

test('a call with all of its time does not wait for those with little: it is answered before they end', async () => {
  await signedImage('v1');
  await makeImage(world.destination, name, 'v2', { label: 'unsigned' });
  world.policies(rules('Ignore'));
  for (const [tag, expected] of [
    ['v1', { allowed: true, warnings: [] }],
    ['v2', { allowed: false, code: 403, message: expect.stringContaining('denied (no-signature)') }],
  ] as const) {
    // As many as there are short calls are never answered; each of those has more time than the one before it.
    world.registry.settings.intercept = on({ kind: 'manifest', reference: tag }, times(2, { kind: 'hang' }));
    world.registry.requests.length = 0;
    let ended = 0;
    const hasty = ['4s', '6s'].map((timeout) => send([reference(`:${tag}`)], timeout).finally(() => ended++));
    while (world.registry.count({ reference: tag }) < 2) await nextTurn();
    expect(await send([reference(`:${tag}`)])).toMatchObject(expected);
    expect(ended).toBe(0);
    for (const answer of await Promise.all(hasty)) expect(answer).toMatchObject({ allowed: false, code: 403 });
    world.now += 24 * 3_600_000;
  }
});

test.each(['Fail', 'Ignore'] as const)(
  'what was given up for lack of time is the caller’s doing: denied under %s',
  async (failurePolicy) => {
    await signedImage('v1');
    world.policies(rules(failurePolicy));
    for (const [status, headers] of [
      [429, { 'retry-after': '3' }],
      [503, { 'retry-after': '3' }],
      [503, {}],
    ] as const) {
      world.registry.settings.intercept = on({ kind: 'manifest' }, { kind: 'status', status, headers });
      const short = await send([reference(':v1')], '200ms');
      expect(short).toMatchObject({ allowed: false, code: 403 });
      expect(short.message).toContain('denied (too-little-time)');
      world.now += 3_600_000;
    }
  },
);

test('a review that ran out of bytes verifies what it has, and the one beside it what it has', async () => {
  const digest = await signedImage();
  const image = imageIn(world, name, digest);
  const foreign = Array.from({ length: 30 }, () => dsseItem(statementOf(image), makeSigner()));
  attachItems(world, name, digest, foreign);
  const large = await makeImage(world.destination, name, undefined, { label: 'large' });
  const junk = Array.from({ length: 5 }, (_, index) =>
    makeItem(bundleV03, Buffer.concat([Buffer.from(`{"junk":${index}}`), Buffer.alloc(15 * 1024 * 1024, ' ')])),
  );
  attachItems(world, name, large, junk);
  world.policies(rules());
  const [greedy, modest] = await Promise.all([
    send([reference(`@${large}`), reference(`@${digest}`)]),
    send([reference(`@${digest}`)]),
  ]);
  expect(greedy).toMatchObject({ allowed: false, code: 403 });
  expect(modest).toMatchObject({ allowed: true });
});

test.each(['Fail', 'Ignore'] as const)(
  'who asks after an image was signed is not told what another review had read before, failurePolicy %s',
  async (failurePolicy) => {
    world.policies(rules(failurePolicy));
    const digest = await makeImage(world.destination, name, undefined, { label: 'unsigned at first' });
    const image = imageIn(world, name, digest);
    attachItems(world, name, digest, [cosignItem(Buffer.from('{}'), alice)]);
    // Its list of referrers comes when all else has been read.
    const { promise: listed, resolve: list } = Promise.withResolvers<undefined>();
    world.registry.settings.intercept = on(
      { kind: 'referrers' },
      times(1, () => listed),
    );
    const before = send([reference(`@${digest}`)]);
    while (world.registry.count({ kind: 'blob' }) < 1) await nextTurn();
    attachItems(world, name, digest, [cosignItem(payloadOf(image), alice)]);
    const after = send([reference(`@${digest}`)]);
    while (world.registry.count({ reference: digest }) < 2) await nextTurn();
    list(undefined);
    expect(await before).toMatchObject({ allowed: false, code: 403 });
    expect(await after).toMatchObject({ allowed: true, warnings: [] });
  },
);

describe.each(['Fail', 'Ignore'] as const)('beside a review with much to verify, failurePolicy %s', (failurePolicy) => {
  /** Each time that anyone looks at it, it is a millisecond later: what is computed takes time, and nothing else does. */
  let ticks: number;
  beforeEach(async () => {
    ticks = 0;
    await world.close();
    world = await openWorld({ core: { elapsed: () => ++ticks } });
  });

  /** A Pod of images with fifty foreign signatures each, which names the neighbour's image last, and the neighbour's Pod. */
  async function besideHogs(digest: Digest, names: boolean): Promise<{ answer: Response; part: number }> {
    const hogs: string[] = [];
    for (let index = 0; index < 8; index += 1) {
      const hog = await makeImage(world.destination, name, undefined, { label: `hog ${digest} ${index}` });
      const payload = payloadOf(imageIn(world, name, hog));
      attachItems(
        world,
        name,
        hog,
        Array.from({ length: 50 }, () => cosignItem(payload, stranger)),
      );
      hogs.push(reference(`@${hog}`));
    }
    const began = ticks;
    const heavy = send([...hogs, ...(names ? [reference(`@${digest}`)] : [])], '30s').then(() => ticks - began);
    // It has asked for the last of its images, whose flights it leads.
    const last = names ? digest : (hogs.at(-1)?.split('@')[1] ?? '');
    while (world.registry.count({ reference: last }) < 1) await nextTurn();
    const answer = await send([reference(`@${digest}`)], '30s');
    const took = ticks - began;
    return { answer, part: took / (await heavy) };
  }

  test('a neighbour whose image it names as well waits no longer than one whose image it does not name', async () => {
    world.policies(rules(failurePolicy, 30));
    for (const names of [false, true]) {
      for (const [signer, expected] of [
        [alice, { allowed: true, warnings: [] }],
        [stranger, { allowed: false, code: 403 }],
      ] as const) {
        const digest = await makeImage(world.destination, name, undefined, { label: `${Math.random()}` });
        // A referrer's layer comes a round later than those under a tag: they are being verified by then.
        attachItems(world, name, digest, [dsseItem(statementOf(imageIn(world, name, digest)), signer)]);
        const beside = await besideHogs(digest, names);
        expect(beside.answer).toMatchObject(expected);
        expect({ names, early: beside.part < 0.5 }).toEqual({ names, early: true });
      }
    }
  });
});

test.each(['Fail', 'Ignore'] as const)(
  'a denial by a remembered tag stays one when the tag cannot be resolved again, failurePolicy %s',
  async (failurePolicy) => {
    const digest = await makeImage(world.destination, name, 'v1', { label: 'unsigned' });
    attachItems(
      world,
      name,
      digest,
      Array.from({ length: 150 }, (_, index) => makeItem(bundleV03, Buffer.from(`{"junk":${index}}`))),
    );
    world.policies(rules(failurePolicy));
    for (let round = 0; round < 2; round += 1) {
      // A window of a hundred requests, new for each review; the tag is remembered for thirty seconds.
      let left = 100;
      world.registry.settings.intercept = () => {
        left -= 1;
        return left < 0 ? { kind: 'status', status: 429, headers: { 'retry-after': '5' } } : undefined;
      };
      const answer = await send([reference(':v1')]);
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('denied (attached-too-slow)');
      world.now += 10_000;
    }
  },
);
