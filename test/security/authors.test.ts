import { type Fault, type Intercept, on } from '../../local/registry/faults.ts';
import { digestOf } from '../../local/registry/server.ts';
import { mediaTypes } from '../../local/registry/store.ts';
import { makeImage } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { monotonic } from '../../shared/net/deadline.ts';
import { openWorld, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { bundleV03, cosignItem, dsseItem, makeItem, payloadOf, statementOf } from '../fixtures/attached.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, imageIn } from './attach.ts';

/**
 * What an image's or a Pod's author brings about is a denial and never an outage: under failurePolicy Ignore an outage admits. Each
 * case stands for its kind, is asked under Fail and Ignore, and has a twin that passes.
 */
let world: World;
const name = 'team/app';
const alice = makeSigner();
const policies = ['Fail', 'Ignore'] as const;
const megabyte = 1024 * 1024;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const reference = (suffix: string) => `${world.registry.host}/${name}${suffix}`;
const absent = (index: number) => `@${digestOf(Buffer.from(`absent ${index}`))}`;
const intercept = (filter: Parameters<typeof on>[0], fault: Fault | Intercept) => {
  world.registry.settings.intercept = on(filter, fault);
};

/** The rules ask for `seconds`, and the call leaves as long, unless `timeout` says otherwise. */
interface Asked {
  readonly seconds?: number;
  readonly timeout?: string;
  readonly images?: string;
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly initContainers?: readonly string[];
}

function ask(images: readonly string[], asked: Asked = {}): Promise<Response> {
  const { seconds = 10, timeout = `${seconds}s`, failurePolicy = 'Fail', initContainers = [] } = asked;
  const covered = asked.images ?? `${world.registry.host}/*`;
  const spec = [`webhookTimeoutSeconds: ${seconds}`];
  world.policies(policy({ images: covered, attestors: attestorsOf([alice]), failurePolicy, spec }));
  return world.send('/mutate', review(pod(images, { initContainers })), { timeout });
}

async function expectDenied(images: readonly string[], reason: string, asked: Asked = {}): Promise<string> {
  let message = '';
  for (const failurePolicy of policies) {
    const answer = await ask(images, { ...asked, failurePolicy });
    expect(answer).toMatchObject({ allowed: false, code: 403, patch: [] });
    expect(answer.message).toContain(`denied (${reason})`);
    message = answer.message;
  }
  return message;
}

async function expectUnavailable(images: readonly string[], reason: string, asked: Asked = {}): Promise<void> {
  expect(await ask(images, { ...asked, failurePolicy: 'Fail' })).toMatchObject({ allowed: false, code: 503 });
  const ignoring = await ask(images, { ...asked, failurePolicy: 'Ignore' });
  expect(ignoring).toMatchObject({ allowed: true, warnings: images.map(() => expect.stringContaining(reason)) });
}

async function freshImage(tag?: string): Promise<Digest> {
  return makeImage(world.destination, name, tag, { label: `${Math.random()}` });
}

/** An image that alice signed, in the older format. */
async function signedImage(tag?: string): Promise<Digest> {
  const digest = await freshImage(tag);
  attachItems(world, name, digest, [cosignItem(payloadOf(imageIn(world, name, digest)), alice)]);
  return digest;
}

/** Attached bundles that verify with no key of the policy. */
function attachJunk(digest: Digest, count: number, bytes = 0): void {
  const junk = Array.from({ length: count }, (_, index) =>
    makeItem(bundleV03, Buffer.concat([Buffer.from(`{"junk":${index}}`), Buffer.alloc(bytes, ' ')])),
  );
  attachItems(world, name, digest, junk);
}

describe('what is attached to an image', () => {
  /** Sends as much of each junk bundle as comes over a slow link in the time, and leaves the rest for later. */
  const slowLink: Fault = { kind: 'endless', bytes: megabyte, contentLength: 15 * megabyte };

  test('four junk bundles of 15 MiB on a slow link are too slow to be read', async () => {
    const digest = await freshImage();
    attachJunk(digest, 4, 15 * megabyte);
    intercept({ kind: 'blob' }, slowLink);
    const message = await expectDenied([reference(`@${digest}`)], 'attached-too-slow', { seconds: 1 });
    expect(message).toContain(`what is attached to ${reference(`@${digest}`)} takes too long to read`);
  });

  test('and leave time for the signature beside them', async () => {
    const digest = await signedImage();
    const { layer } = cosignItem(payloadOf(imageIn(world, name, digest)), alice);
    attachJunk(digest, 4, 15 * megabyte);
    intercept({ kind: 'blob' }, ({ path }) => (path.includes(layer.digest) ? undefined : slowLink));
    for (const failurePolicy of policies) {
      expect(await ask([reference(`@${digest}`)], { seconds: 2, failurePolicy })).toMatchObject({ allowed: true });
    }
  });

  /** A registry with a quota, as Docker Hub's for those who do not log in. */
  function quota(requests: number): void {
    let left = requests;
    intercept({}, () => {
      left -= 1;
      return left < 0 ? { kind: 'status', status: 429 } : undefined;
    });
  }

  test('150 attestations that use up the quota are its own doing, and no request is tried again for them', async () => {
    const digest = await freshImage();
    attachJunk(digest, 150);
    for (const failurePolicy of policies) {
      quota(100);
      world.registry.requests.length = 0;
      const answer = await ask([reference(`@${digest}`)], { failurePolicy });
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('denied (attached-too-slow)');
      expect(answer.message).toContain('takes too many requests');
      // As many as were under way at once when the registry first asked to slow down, and no more.
      expect(world.registry.count()).toBeLessThanOrEqual(100 + 60);
      world.now += 24 * 3_600_000;
    }
  });

  test('a quota that was used up before is the registry’s failure; an image within it passes', async () => {
    const [unsigned, signed] = [await freshImage(), await signedImage()];
    quota(0);
    await expectUnavailable([reference(`@${unsigned}`)], 'registry-throttled');
    world.now += 24 * 3_600_000;
    attachJunk(signed, 30);
    quota(100);
    expect(await ask([reference(`@${signed}`)])).toMatchObject({ allowed: true });
  });

  test.each([429, 500, 503])(
    'pages of a list count as requests: %i on the tenth is its own doing, on the first the registry’s',
    async (status) => {
      const digest = await freshImage();
      const headers = { 'content-type': mediaTypes.index };
      const pagesUpTo = (last: number) =>
        intercept({ kind: 'referrers' }, ({ path }) => {
          const page = Number(/page=(\d+)/.exec(path)?.[1] ?? 1);
          if (page === last) return { kind: 'status', status };
          const link = `<${path.split('?')[0]}?page=${page + 1}>; rel="next"`;
          return { kind: 'body', body: '{"schemaVersion":2,"manifests":[]}', headers: { ...headers, link } };
        });
      for (const failurePolicy of policies) {
        pagesUpTo(10);
        const answer = await ask([reference(`@${digest}`)], { failurePolicy });
        expect(answer).toMatchObject({ allowed: false, code: 403 });
        expect(answer.message).toContain('denied (attached-too-slow)');
        world.now += 24 * 3_600_000;
      }
      pagesUpTo(1);
      await expectUnavailable([reference(`@${digest}`)], status === 429 ? 'registry-throttled' : 'registry-error');
      world.now += 24 * 3_600_000;
      expect(await ask([reference(`@${await signedImage()}`)])).toMatchObject({ allowed: true });
    },
  );

  test('a list of referrers that takes the registry too long is the image’s, a manifest that does is the registry’s', async () => {
    const digest = await freshImage();
    intercept({ kind: 'referrers' }, { kind: 'hang' });
    await expectDenied([reference(`@${digest}`)], 'attached-too-slow', { seconds: 1 });
    intercept({}, { kind: 'hang' });
    await expectUnavailable([reference(`@${digest}`)], 'deadline', { seconds: 1 });
  });

  test('what is attached and stalls for longer than one answer is waited for is late, with time left or without', async () => {
    await world.close();
    world = await openWorld({ core: { door: { addresses: 'any', headersTimeout: 200, bodyTimeout: 200 } } });
    const digest = await freshImage();
    attachJunk(digest, 1, megabyte);
    const stalls = { kind: 'endless', bytes: 100_000, contentLength: megabyte + 10 } as const;
    intercept({ kind: 'blob' }, stalls);
    const told = await expectDenied([reference(`@${digest}`)], 'attached-too-slow', { seconds: 30 });
    expect(told).toContain('stopped in the middle of the blob');
    intercept({ kind: 'referrers' }, { kind: 'hang' });
    await expectDenied([reference(`@${digest}`)], 'attached-too-slow', { seconds: 30 });
    // The image itself is the registry's, and what else is attached is read.
    intercept({}, { kind: 'hang' });
    await expectUnavailable([reference(`@${digest}`)], 'deadline', { seconds: 30 });
    const signed = await freshImage();
    attachJunk(signed, 1, megabyte);
    attachItems(world, name, signed, [dsseItem(statementOf(imageIn(world, name, signed)), alice)]);
    const junk = makeItem(bundleV03, Buffer.concat([Buffer.from('{"junk":0}'), Buffer.alloc(megabyte, ' ')]));
    world.registry.settings.intercept = (request) => (request.path.includes(junk.layer.digest) ? stalls : undefined);
    expect(await ask([reference(`@${signed}`)], { seconds: 30 })).toMatchObject({ allowed: true });
  });

  test('a registry that fails again and again is left alone, and one that fails once is read on', async () => {
    const digest = await signedImage();
    attachJunk(digest, 30);
    const { layer } = cosignItem(payloadOf(imageIn(world, name, digest)), alice);
    const blobs = on({ kind: 'blob' }, { kind: 'status', status: 500 });
    world.registry.settings.intercept = (request) => (request.path.includes(layer.digest) ? undefined : blobs(request));
    expect(await ask([reference(`@${digest}`)])).toMatchObject({ allowed: true });
    const unsigned = await freshImage();
    attachJunk(unsigned, 30);
    world.registry.requests.length = 0;
    await expectDenied([reference(`@${unsigned}`)], 'attached-too-slow');
    // Thirty blobs and no retry of them, asked for twice: without the stop it would be four times as many.
    expect(world.registry.count({ kind: 'blob' })).toBeLessThanOrEqual(2 * (30 + 30));
  });
});

describe('what an object names', () => {
  test('999 tags of one signed image and an unsigned one: over the bound, and nobody is asked for any of them', async () => {
    const digest = await signedImage();
    const tags = Array.from({ length: 999 }, (_, index) => `v${index}`);
    for (const tag of tags) world.registry.store.tag(name, tag, digest);
    world.registry.requests.length = 0;
    const images = tags.map((tag) => reference(`:${tag}`));
    const unsigned = reference(`@${await freshImage()}`);
    world.registry.requests.length = 0;
    const message = await expectDenied([unsigned], 'too-many-images', { initContainers: images });
    expect(message).toContain('1000 distinct images');
    expect(world.registry.count()).toBe(0);
    expect(await ask(images.slice(0, 64))).toMatchObject({ allowed: true });
  });

  test('an image that is written often counts once', async () => {
    const digest = await signedImage('v1');
    const images = Array.from({ length: 300 }, () => [reference(':v1'), reference(`@${digest}`)]).flat();
    expect(await ask(images)).toMatchObject({ allowed: true });
  });

  test.each([
    ['tag', (index: number) => `:absent-${index}`],
    ['digest', absent],
  ])('64 images that are not there cost a request each, by %s', async (_, suffix) => {
    const images = Array.from({ length: 64 }, (_, index) => reference(suffix(index)));
    const answer = await ask(images, { failurePolicy: 'Ignore' });
    expect(answer.message).toContain('denied (image-not-found)');
    expect(world.registry.count()).toBe(64);
  });

  test('an image that could not be asked for in time since it waited for its siblings is denied, one that did not wait is not', async () => {
    await world.close();
    world = await openWorld({ core: { elapsed: monotonic } });
    const digest = await freshImage();
    // The tag beside it hangs as long as its step may take: half of the time that the image would have had.
    world.registry.settings.intercept = on({ reference: 'hangs' }, { kind: 'hang' });
    const slow = on({ reference: digest }, { kind: 'hang' });
    const both = world.registry.settings.intercept;
    world.registry.settings.intercept = async (request) => (await both(request)) ?? slow(request);
    await expectDeniedAmong([reference(':hangs'), reference(`@${digest}`)]);
    world.registry.settings.intercept = slow;
    await expectUnavailable([reference(`@${digest}`)], 'deadline', { seconds: 1 });
  });

  async function expectDeniedAmong(images: readonly string[]): Promise<void> {
    for (const failurePolicy of policies) {
      const answer = await ask(images, { seconds: 1, failurePolicy });
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('denied (object-too-slow)');
    }
  }
});

describe('the time that a caller leaves', () => {
  test('less than the rules ask, and what is not known when it ends is denied; all of it, and it is the registry’s failure', async () => {
    const digest = await freshImage();
    intercept({ kind: 'manifest' }, { kind: 'hang' });
    const short = { seconds: 10, timeout: '1s' };
    for (const suffix of [`@${digest}`, ':v1']) {
      const message = await expectDenied([reference(suffix)], 'too-little-time', short);
      expect(message).toContain('the call left 1 s, and the rules ask for 10 s');
      expect(message).toContain('--request-timeout');
    }
    await expectUnavailable([reference(`@${digest}`)], 'deadline', { seconds: 1 });
  });

  test('is enough where the answer comes within it', async () => {
    const digest = await signedImage();
    expect(await ask([reference(`@${digest}`)], { seconds: 10, timeout: '1s' })).toMatchObject({ allowed: true });
    await expectDenied([reference(`@${await freshImage()}`)], 'no-signature', { seconds: 10, timeout: '1s' });
  });

  test('is never more than the rules ask', async () => {
    intercept({ kind: 'manifest' }, { kind: 'hang' });
    const began = performance.now();
    await ask([reference(':v1')], { seconds: 1, timeout: '30s' });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('and what the function itself lacks is not the caller’s doing', async () => {
    intercept({ kind: 'manifest' }, { kind: 'hang' });
    world.policies(policy({ images: `${world.registry.host}/*`, attestors: attestorsOf([alice]) }));
    const answer = await world.send('/mutate', review(pod([reference(':v1')])), { timeout: '10s', remaining: 700 });
    expect(answer).toMatchObject({ code: 503, message: expect.stringContaining('unavailable (deadline)') });
  });
});

describe('a registry that its author chose', () => {
  const elsewhere = () => `localhost:1/${name}:v1`;

  test('is covered by a wildcard alone: whatever fails there denies', async () => {
    const message = await expectDenied([elsewhere()], 'registry-not-named', { images: '*' });
    expect(message).toContain('(registry-unreachable)');
    expect(message).toContain("'registries'");
    await expectDenied([elsewhere()], 'registry-not-named', { images: '*/team/*' });
  });

  test('named in a pattern it is the policy’s choice, and by the settings it is theirs', async () => {
    await expectUnavailable([elsewhere()], 'registry-unreachable', { images: 'localhost:1/*' });
    await world.close();
    world = await openWorld({ core: { registries: ['localhost:1'] } });
    await expectUnavailable([elsewhere()], 'registry-unreachable', { images: '*' });
  });

  test.each(['//', '//:x/', '//[/', '///'])(
    'a Link to %s sends nobody elsewhere, and nothing of ours fails by it',
    async (path) => {
      await world.close();
      world = await openWorld({ core: { registries: [] } });
      const { host } = world.registry;
      const digest = await freshImage();
      const headers = { 'content-type': mediaTypes.index, link: `<http://${host}${path}>; rel=next` };
      const body = '{"schemaVersion":2,"manifests":[]}';
      intercept({ kind: 'referrers' }, { kind: 'body', body, headers });
      for (const images of ['*', `${host}/*`]) {
        expect(await expectDenied([reference(`@${digest}`)], 'content-missing', { images })).toContain('answered 404');
      }
      expect(await ask([reference(`@${await signedImage()}`)], { images: '*' })).toMatchObject({ allowed: true });
    },
  );

  test('and a signed image there passes', async () => {
    const digest = await signedImage();
    await world.close();
    world = await openWorld({ core: { registries: [] } });
    const again = await signedImage();
    expect(digest).not.toBe(again);
    expect(await ask([reference(`@${again}`)], { images: '*' })).toMatchObject({ allowed: true });
  });
});

describe('one verification of a digest', () => {
  /** Each look at the time is a millisecond. Two are taken for each signature that was tried, so they count signatures. */
  let ticks = 0;
  async function crowded(tags: readonly string[]): Promise<void> {
    await world.close();
    ticks = 0;
    world = await openWorld({ core: { elapsed: () => ++ticks } });
    const digest = await freshImage();
    const image = imageIn(world, name, digest);
    const foreign = Array.from({ length: 49 }, () => dsseItem(statementOf(image), makeSigner()));
    attachItems(world, name, digest, [...foreign, dsseItem(statementOf(image), alice)]);
    for (const tag of tags) world.registry.store.tag(name, tag, digest);
    world.registry.requests.length = 0;
  }
  const tags = Array.from({ length: 60 }, (_, index) => `many-${index}`);

  test('whichever of 60 tags name it, with 49 foreign signatures before the good one', async () => {
    await crowded(tags);
    expect(await ask(tags.map((tag) => reference(`:${tag}`)))).toMatchObject({ allowed: true });
    expect(world.registry.count({ kind: 'blob' })).toBe(50);
    expect(world.registry.count({ kind: 'referrers' })).toBe(1);
    expect(ticks).toBeGreaterThan(49);
    // Sixty verifications would have looked at the time 5,880 times.
    expect(ticks).toBeLessThan(2000);
  });

  test('and in twenty reviews that ask at the same time; a signed neighbour has its answer meanwhile', async () => {
    await crowded(['v1']);
    const neighbour = await signedImage();
    world.policies(policy({ images: `${world.registry.host}/*`, attestors: attestorsOf([alice]) }));
    const send = (suffix: string) => world.send('/mutate', review(pod([reference(suffix)])));
    const order: string[] = [];
    const crowd = Array.from({ length: 20 }, () => send(':v1').then((answer) => order.push(`crowd ${answer.allowed}`)));
    const beside = send(`@${neighbour}`).then((answer) => order.push(`neighbour ${answer.allowed}`));
    await Promise.all([...crowd, beside]);
    expect(order.filter((answer) => answer === 'crowd true')).toHaveLength(20);
    expect(order.indexOf('neighbour true')).toBeLessThan(20);
    expect(world.registry.count({ kind: 'blob' })).toBe(51);
    // Twenty verifications would have looked at the time 1,960 times, beside all else, each request among it.
    expect(ticks).toBeLessThan(1700);
  });
});

describe('time that several images share', () => {
  /** A registry that answers one request after the other. */
  function oneByOne(milliseconds: number): void {
    let last: Promise<unknown> = Promise.resolve();
    world.registry.settings.intercept = async () => {
      last = last.then(() => new Promise((resolve) => setTimeout(resolve, milliseconds)));
      await last;
      return undefined;
    };
  }

  test('an unsigned image that is late since its registry was answering for its siblings is denied; alone it says why', async () => {
    const signed = await signedImage();
    const tags = Array.from({ length: 20 }, (_, index) => `v${index}`);
    for (const tag of tags) world.registry.store.tag(name, tag, signed);
    await freshImage('unsigned');
    for (const failurePolicy of policies) {
      oneByOne(100);
      const images = [...tags.map((tag) => reference(`:${tag}`)), reference(':unsigned')];
      const answer = await ask(images, { seconds: 1, failurePolicy });
      expect(answer).toMatchObject({ allowed: false, code: 403 });
      expect(answer.message).toContain('denied (object-too-slow)');
      world.now += 24 * 3_600_000;
    }
    world.registry.settings.intercept = undefined;
    await expectDenied([reference(':unsigned')], 'no-signature');
  });

  test('a registry that answers for none of them is down', async () => {
    const images = ['v1', 'v2', 'v3'].map((tag) => reference(`:${tag}`));
    intercept({}, { kind: 'hang' });
    await expectUnavailable(images, 'deadline', { seconds: 1 });
  });

  test('a manifest that is late by its own size is its author’s doing', async () => {
    const large = { kind: 'endless', bytes: megabyte, contentLength: 3 * megabyte } as const;
    intercept({ kind: 'manifest', reference: 'large' }, large);
    await expectDenied([reference(':large')], 'attached-too-slow', { seconds: 1 });
    // And of those whose reviews wait for one that reads it.
    for (const failurePolicy of policies) {
      const asked = Array.from({ length: 3 }, () => ask([reference(':large')], { seconds: 1, failurePolicy }));
      for (const answer of await Promise.all(asked)) {
        expect(answer).toMatchObject({ allowed: false, code: 403 });
        expect(answer.message).toContain('denied (attached-too-slow)');
      }
    }
    intercept({ kind: 'manifest', reference: 'large' }, { kind: 'hang' });
    const waiting = Array.from({ length: 3 }, () =>
      ask([reference(':large')], { seconds: 1, failurePolicy: 'Ignore' }),
    );
    for (const answer of await Promise.all(waiting))
      expect(answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining('deadline')] });
  });

  test('a media type that is echoed in a header over its bound is no outage', async () => {
    const type = `application/vnd.oci.image.manifest.v1+json; a=${'x'.repeat(17_000)}`;
    intercept({ kind: 'manifest', reference: 'echo' }, { kind: 'body', body: '{}', headers: { 'content-type': type } });
    await expectDenied([reference(':echo')], 'malformed-manifest');
  });
});
