import { gzipSync } from 'node:zlib';
import { digestOf, endlessReferrers, mediaTypes, on } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import type { Image } from '../../shared/registry/registry.ts';
import { openWorld, pod, policy, type Response, review, type World } from '../e2e/harness.ts';
import { bundleV03, cosignItem, dsseItem, makeItem, payloadOf, statementOf } from '../fixtures/attached.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { attachItems, attestorsOf, descriptorIn, imageIn, putSignatureTag } from './attach.ts';
import { deploy } from './deployed.ts';

let world: World;
let ignoring: (spec: readonly string[]) => string;
const name = 'team/app';
const alice = makeSigner();
const mallory = makeSigner();
beforeEach(async () => {
  world = await openWorld();
  // Under Ignore: what an author can bring about is denied there too, or they would choose to be admitted.
  const images = `${world.registry.host}/*`;
  ignoring = (spec) => policy({ images, attestors: attestorsOf([alice]), failurePolicy: 'Ignore', spec });
  world.policies(ignoring([]));
});
afterEach(() => world.close());

const reference = (suffix: string) => `${world.registry.host}/${name}${suffix}`;
const send = (suffix: string, timeout = '10s') => world.send('/mutate', review(pod([reference(suffix)])), { timeout });
const freshImage = async () => imageIn(world, name, await makeImage(world.destination, name));
const countBlobs = () => world.registry.count({ kind: 'blob' });

function expectDenied(response: Response, reason: string): void {
  expect(response).toMatchObject({ allowed: false, code: 403, patch: [] });
  expect(response.message).toContain(`(${reason})`);
}

describe('D1 CVE-2023-46737, CVE-2023-33957, CVE-2024-45395: more to look at than anybody should', () => {
  test('a list of referrers without end is left after ten pages', async () => {
    const { digest } = await freshImage();
    world.registry.settings.intercept = endlessReferrers;
    expectDenied(await send(`@${digest}`), 'too-many-referrers');
    expect(world.registry.count({ kind: 'referrers' })).toBe(10);
    expect(world.registry.count()).toBeLessThan(30);
    world.registry.settings.intercept = undefined;
    attachItems(world, name, digest, [dsseItem(statementOf(imageIn(world, name, digest)), alice)]);
    expect((await send(`@${digest}`)).allowed).toBe(true);
  });

  test('pages that link in a circle are noticed', async () => {
    const { digest } = await freshImage();
    const link = `</v2/${name}/referrers/${digest}>; rel=next`;
    const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] });
    const headers = { 'content-type': mediaTypes.index, link };
    world.registry.settings.intercept = on({ kind: 'referrers' }, { kind: 'body', body, headers });
    expectDenied(await send(`@${digest}`), 'too-many-referrers');
    expect(world.registry.count({ kind: 'referrers' })).toBe(1);
  });

  test('100,000 referrers in one page are over the bound in bytes, 201 over that in number; a signature among 200 is found', async () => {
    const image = await freshImage();
    const listed = (count: number) => ({
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: Array.from({ length: count }, (_, index) => ({
        mediaType: mediaTypes.manifest,
        size: 2,
        digest: digestOf(Buffer.from(String(index))),
      })),
    });
    const list = (count: number) => {
      const headers = { 'content-type': mediaTypes.index };
      const page = { kind: 'body', body: JSON.stringify(listed(count)), headers } as const;
      world.registry.settings.intercept = on({ kind: 'referrers' }, page);
    };
    list(100_000);
    expectDenied(await send(`@${image.digest}`), 'too-large');
    list(201);
    world.registry.requests.length = 0;
    expectDenied(await send(`@${image.digest}`), 'too-many-referrers');
    expect(world.registry.count({ kind: 'manifest' })).toBeLessThanOrEqual(203);
    const referrer = world.registry.store.attach(name, image.digest, {
      artifactType: bundleV03,
      layers: [{ mediaType: bundleV03, bytes: dsseItem(statementOf(image), alice).bytes }],
    });
    const body = JSON.stringify({
      ...listed(0),
      manifests: [
        ...listed(199).manifests,
        {
          ...listed(1).manifests[0],
          digest: referrer,
          size: world.registry.store.manifest(name, referrer)?.bytes.length,
        },
      ],
    });
    world.registry.settings.intercept = on(
      { kind: 'referrers' },
      { kind: 'body', body, headers: { 'content-type': mediaTypes.index } },
    );
    expect((await send(`@${image.digest}`)).allowed).toBe(true);
  });

  test.each([
    [100_000, 'too-large', 0],
    [15_000, 'too-large', 0],
    [1900, 'too-many-signatures', 50],
    [51, 'too-many-signatures', 50],
    [50, 'content-missing', 50],
  ] as const)('%d signatures under the tag: %s, %d of them asked for', async (count, reason, asked) => {
    const { digest } = await freshImage();
    const junk = (index: number) => Buffer.from(String(index));
    for (let index = 0; index < 50; index += 1)
      if (reason !== 'content-missing') world.registry.store.putBlob(name, junk(index));
    const layer = (index: number) => ({
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      size: junk(index).length,
      digest: digestOf(junk(index)),
      annotations: {},
    });
    putSignatureTag(
      world,
      name,
      digest,
      Array.from({ length: count }, (_, index) => layer(index)),
    );
    expectDenied(await send(`@${digest}`), reason);
    expect(countBlobs()).toBe(asked);
  });

  test('the 50th signature counts, the 51st is not looked at', async () => {
    const junk = (count: number, image: Parameters<typeof payloadOf>[0]) =>
      Array.from({ length: count }, (_, index) => cosignItem(payloadOf(image, { index: String(index) }), mallory));
    const [near, far] = [await freshImage(), await freshImage()];
    attachItems(world, name, near.digest, [...junk(49, near), cosignItem(payloadOf(near), alice)]);
    attachItems(world, name, far.digest, [...junk(50, far), cosignItem(payloadOf(far), alice)]);
    expect((await send(`@${near.digest}`)).allowed).toBe(true);
    expectDenied(await send(`@${far.digest}`), 'too-many-signatures');
  });

  type Bundle = { verificationMaterial: object; dsseEnvelope: { signatures: object[] } };
  const swollen: readonly [string, (bundle: Bundle) => object][] = [
    [
      '10,000 log entries',
      (bundle) => ({
        ...bundle,
        verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: Array(10_000).fill({}) },
      }),
    ],
    [
      '100,000 signatures in an envelope',
      (bundle) => ({
        ...bundle,
        dsseEnvelope: { ...bundle.dsseEnvelope, signatures: Array(100_000).fill(bundle.dsseEnvelope.signatures[0]) },
      }),
    ],
    [
      'JSON nested 10,000 deep',
      (bundle) =>
        Buffer.from(JSON.stringify(bundle).replace(/\}$/, `,"more":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)),
    ],
  ];
  test.each(swollen)('%s are no signature, and are told before anything is verified', async (_, change) => {
    const image = await freshImage();
    const good = JSON.parse(Buffer.from(dsseItem(statementOf(image), alice).bytes).toString()) as Bundle;
    attachItems(world, name, image.digest, [makeItem(bundleV03, change(good))]);
    expectDenied(await send(`@${image.digest}`), 'malformed-signature');
    attachItems(world, name, image.digest, [makeItem(bundleV03, good)]);
    expect((await send(`@${image.digest}`)).allowed).toBe(true);
  });

  test.each([
    [10_001, 1, 'malformed-signature'],
    [1, 33, 'malformed-signature'],
    [1024, 1, 'pass'],
  ])('%d subjects of %d digests: %s', async (subjects, digests, expected) => {
    const image = await freshImage();
    const statement = JSON.parse(statementOf(image).toString()) as { subject: { digest: Record<string, string> }[] };
    const [own] = statement.subject;
    const padding = Object.fromEntries(Array.from({ length: digests - 1 }, (_, index) => [`x${index}`, 'y']));
    const subject = Array.from({ length: subjects }, () => ({ digest: { ...own?.digest, ...padding } }));
    attachItems(world, name, image.digest, [dsseItem(Buffer.from(JSON.stringify({ ...statement, subject })), alice)]);
    const response = await send(`@${image.digest}`);
    if (expected === 'pass') expect(response.allowed).toBe(true);
    else expectDenied(response, expected);
  });

  test('an object with over 1000 images is refused as a whole', async () => {
    const many = await world.send('/mutate', review(pod(Array(1001).fill(reference(':v1')))));
    expectDenied(many, 'object-malformed');
    expect(world.registry.count()).toBe(0);
  });

  test('an answer stays far under the 6 MB that a function may return, whatever the Pod and however many rules fail', async () => {
    const images = Array.from(
      { length: 1000 },
      (_, index) => `registry-${index}.test/${'a'.repeat(200)}:${'t'.repeat(128)}@sha512:${'a'.repeat(128)}`,
    );
    for (const action of ['Enforce', 'Audit'] as const) {
      const policies = Array.from({ length: 12 }, (_, index) =>
        policy({ name: `p${index}`, images: '*', attestors: attestorsOf([alice]), failurePolicy: 'Ignore', action }),
      );
      const deployed = deploy({ policies, door: { addresses: [] }, hosts: new Set() });
      const { allowed, body, warnings } = await deployed.send(review(pod(images)));
      expect(body.length).toBeLessThan(200_000);
      expect(allowed).toBe(action === 'Audit');
      const { auditAnnotations } = (JSON.parse(body) as { response: { auditAnnotations: Record<string, string> } })
        .response;
      const told = JSON.parse(auditAnnotations['images'] ?? '') as unknown[];
      expect(told.length).toBeGreaterThan(50);
      expect(Number(auditAnnotations['omitted']) + told.length).toBe(12_000);
      for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(256);
      expect(warnings.at(-1)).toBe(action === 'Audit' ? 'and 11984 more' : undefined);
      // Its line in the log holds the same, and is no longer.
      expect(deployed.records[0]).toMatchObject({ images: told, imagesOmitted: 12_000 - told.length });
      await deployed.close();
    }
  });

  test.each([
    ['for the image is unavailable', { kind: 'manifest' }, true, 'deadline'],
    ['for what is attached to it is denied', { kind: 'blob' }, false, 'attached-too-slow'],
  ] as const)(
    'a registry that never answers %s, and costs the review its time and no more',
    async (_, filter, allowed, reason) => {
      world.policies(ignoring(['webhookTimeoutSeconds: 1']));
      const { digest } = await freshImage();
      attachItems(world, name, digest, [cosignItem(payloadOf(imageIn(world, name, digest)), alice)]);
      world.registry.settings.intercept = on(filter, { kind: 'hang' });
      const began = performance.now();
      const response = await send(`@${digest}`, '1s');
      expect(performance.now() - began).toBeLessThan(5000);
      expect(response.allowed).toBe(allowed);
      expect(response.warnings.join() + response.message).toContain(reason);
      world.registry.settings.intercept = undefined;
      expect((await send(`@${digest}`)).allowed).toBe(true);
    },
  );

  test('an image whose registry never answers takes no time from the image beside it: unsigned is denied under Ignore', async () => {
    const [unsigned, signed] = [await freshImage(), await freshImage()];
    attachItems(world, name, signed.digest, [dsseItem(statementOf(signed), alice)]);
    world.registry.settings.intercept = on({ kind: 'manifest', reference: 'hangs' }, { kind: 'hang' });
    const deployed = deploy({
      policies: [ignoring(['webhookTimeoutSeconds: 3'])],
      door: { addresses: 'any' },
      clock: Date.now,
      timeout: '3s',
    });
    const beside = (suffix: string) => deployed.send(review(pod([reference(':hangs'), reference(suffix)])));
    const denied = await beside(`@${unsigned.digest}`);
    expect(denied).toMatchObject({ allowed: false, code: 403 });
    expect(denied.message).toContain('(no-signature)');
    const admitted = await beside(`@${signed.digest}`);
    expect(admitted.allowed).toBe(true);
    expect(admitted.warnings.join()).toContain('deadline');
    await deployed.close();
  });
});

describe('D2 CVE-2024-29902, CVE-2024-29903: more bytes than anybody should read', () => {
  test('a manifest without end, and one that announces 1 GB', async () => {
    const gigabyte = 1024 ** 3;
    for (const fault of [{ kind: 'endless' }, { kind: 'endless', contentLength: gigabyte }] as const) {
      world.registry.settings.intercept = on({ kind: 'manifest', reference: 'v1' }, fault);
      expectDenied(await send(':v1'), 'too-large');
    }
  });

  test('a blob of 1 GB behind a small descriptor is cut at the descriptor, and no larger one is asked for', async () => {
    const image = await freshImage();
    const [descriptor] = [cosignItem(payloadOf(image), alice)].map(descriptorIn(world, name));
    putSignatureTag(world, name, image.digest, [descriptor]);
    world.registry.settings.intercept = on({ kind: 'blob' }, { kind: 'endless', bytes: 1024 ** 3 });
    expectDenied(await send(`@${image.digest}`), 'digest-mismatch');
    world.registry.settings.intercept = undefined;

    putSignatureTag(world, name, image.digest, [{ ...descriptor, size: 64 * 1024 + 1 }]);
    world.registry.requests.length = 0;
    expectDenied(await send(`@${image.digest}`), 'too-large');
    expect(countBlobs()).toBe(0);
    putSignatureTag(world, name, image.digest, [descriptor]);
    expect((await send(`@${image.digest}`)).allowed).toBe(true);
  });

  test('a gzip bomb is unpacked no further than to the descriptor', async () => {
    const image = await freshImage();
    attachItems(world, name, image.digest, [cosignItem(payloadOf(image), alice)]);
    const body = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    world.registry.settings.intercept = on(
      { kind: 'blob' },
      { kind: 'body', body, headers: { 'content-encoding': 'gzip' } },
    );
    const before = process.memoryUsage().arrayBuffers;
    const response = await send(`@${image.digest}`);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
    expectDenied(response, 'digest-mismatch');
    // A blob that is a bomb itself, served as it is, is bytes unlike its descriptor's.
    world.registry.settings.intercept = on({ kind: 'blob' }, { kind: 'body', body });
    expectDenied(await send(`@${image.digest}`), 'digest-mismatch');
    world.registry.settings.intercept = undefined;
    expect((await send(`@${image.digest}`)).allowed).toBe(true);
  });

  test('a review that runs out of bytes takes nobody along who waits for the same image', async () => {
    const images = await Promise.all([freshImage(), freshImage(), freshImage()]);
    for (const image of images) {
      const { layer, bytes } = dsseItem(statementOf(image), alice);
      const large = Buffer.concat([bytes, Buffer.alloc(40_000, ' ')]);
      attachItems(world, name, image.digest, [makeItem(layer.mediaType, large)]);
    }
    const [, , last] = images;
    const slow = world.registry.store.referrers(name, last?.digest ?? ('' as never))[0]?.digest ?? '';
    world.registry.settings.intercept = on({ kind: 'manifest', reference: slow }, { kind: 'delay', ms: 100 });
    const deployed = deploy({
      policies: [policy({ images: `${world.registry.host}/*`, attestors: attestorsOf([alice]) })],
      door: { addresses: 'any' },
      reviewBytes: 100_000,
    });
    const ask = (asked: readonly Image[]) =>
      deployed.send(review(pod(asked.map(({ digest }) => reference(`@${digest}`)))));
    const [greedy, modest] = await Promise.all([ask(images), ask(images.slice(2))]);
    expect(greedy.message).toContain('review-too-large');
    expect(modest.allowed).toBe(true);
    await deployed.close();
  });

  test('one review fetches no more than its bound, over all of its images', async () => {
    const images = await Promise.all([freshImage(), freshImage(), freshImage()]);
    for (const image of images) {
      const { layer, bytes } = dsseItem(statementOf(image), alice);
      attachItems(world, name, image.digest, [
        makeItem(layer.mediaType, Buffer.concat([bytes, Buffer.alloc(40_000, ' ')])),
      ]);
    }
    const pods = review(pod(images.map(({ digest }) => reference(`@${digest}`))));
    const open = (reviewBytes: number) =>
      deploy({
        policies: [
          policy({ images: `${world.registry.host}/*`, attestors: attestorsOf([alice]), failurePolicy: 'Ignore' }),
        ],
        door: { addresses: 'any' },
        reviewBytes,
      });
    const [small, large] = [open(100_000), open(1_000_000)];
    const denied = await small.send(pods);
    expect(denied).toMatchObject({ allowed: false, code: 403 });
    expect(denied.message).toContain('review-too-large');
    expect((await large.send(pods)).allowed).toBe(true);
    await Promise.all([small.close(), large.close()]);
  });
});

describe('D5 (Kyverno #16657): one image eight times is eight verifications', () => {
  test.each(['by tag', 'by digest'])('%s, in one review: the requests of one', async (how) => {
    const digest: Digest = await makeImage(world.destination, name, 'v1');
    world.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team] }));
    await sign(world.destination, { repository: name, digest, key: world.team });
    const suffix = how === 'by tag' ? ':v1' : `@${digest}`;
    const askedFor = async (count: number) => {
      const other = await openWorld();
      other.policies(policy({ images: `${world.registry.host}/*`, keys: [world.team] }));
      world.registry.requests.length = 0;
      const response = await other.send('/mutate', review(pod(Array(count).fill(reference(suffix)))));
      expect(response.allowed).toBe(true);
      await other.close();
      return world.registry.count();
    };
    expect(await askedFor(8)).toBe(await askedFor(1));
  });

  test('eight reviews at once, of a Pod each: the requests of one', async () => {
    const image = await freshImage();
    attachItems(world, name, image.digest, [dsseItem(statementOf(image), alice)]);
    const responses = await Promise.all(Array.from({ length: 8 }, () => send(`@${image.digest}`)));
    expect(responses.every(({ allowed }) => allowed)).toBe(true);
    expect(world.registry.count({ kind: 'referrers' })).toBe(1);
    expect(countBlobs()).toBe(1);
  });
});
