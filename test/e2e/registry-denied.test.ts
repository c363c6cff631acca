import { setImmediate as turn } from 'node:timers/promises';
import { endlessReferrers, type Fault } from '../../local/registry/faults.ts';
import { digestOf } from '../../local/registry/server.ts';
import { cosign, legacyTag, makeImage, newKey, sign } from '../../local/signer/signer.ts';
import { type FaultyWorld, openFaultyWorld } from './faulty-world.ts';
import type { World } from './harness.ts';

const mebi = 1024 * 1024;
const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

let faulty: FaultyWorld;
let world: World;
let host: string;

beforeAll(async () => {
  faulty = await openFaultyWorld();
  ({ world, host } = faulty);
});
beforeEach(() => faulty.mend());
afterAll(() => world.close());

test('without a fault the signed image is admitted and the unsigned one denied', async () => {
  await faulty.expectAdmitted();
  await faulty.expectDenied(`${host}/faults/unsigned:1`, 'no-signature');
});

describe('denied: all that an image’s author can bring about', () => {
  test('the image is absent, by tag, by digest, and with its repository', async () => {
    await faulty.expectDenied(`${host}/faults/signed:none`, 'image-not-found');
    await faulty.expectDenied(`${host}/faults/signed@sha256:${'ab'.repeat(32)}`, 'image-not-found');
    await faulty.expectDenied(`${host}/faults/none:1`, 'image-not-found');
    expect(world.waits).toEqual([]);
  });

  test.each([401, 403])('the image is in a repository that is closed to us alone (%i)', async (status) => {
    faulty.breakAt({ name: 'faults/signed' }, { kind: 'status', status });
    await faulty.expectDenied(`${host}/faults/signed:1`, 'image-not-readable');
    expect(world.registry.requests.map(({ kind }) => kind)).toEqual(['manifest', 'ping', 'manifest', 'ping']);
    // The twin: a neighbour that is open is asked about as ever.
    await faulty.expectDenied(`${host}/faults/unsigned:1`, 'no-signature');
  });

  test('bytes unlike the digest that asked for them', async () => {
    faulty.breakAt({ reference: faulty.signed }, { kind: 'wrong-bytes' });
    await faulty.expectDenied(`${host}/faults/signed@${faulty.signed}`, 'digest-mismatch');
    await faulty.expectAdmitted();
  });

  test('bytes unlike the digest in the header of a tag’s answer', async () => {
    faulty.breakAt({ reference: '1' }, { kind: 'wrong-digest-header' });
    await faulty.expectDenied(`${host}/faults/signed:1`, 'digest-mismatch');
  });

  test('a signature’s bytes unlike its descriptor; a good one elsewhere still counts', async () => {
    const repository = 'faults/bad-blob';
    const digest = await makeImage(world.destination, repository, '1', { label: 'bad-blob' });
    const { layer } = await sign(world.destination, { repository, digest, key: world.team, format: 'sig' });
    faulty.breakAt({ reference: layer }, { kind: 'wrong-bytes' });
    await faulty.expectDenied(`${host}/${repository}:1`, 'digest-mismatch');
    await sign(world.destination, { repository, digest, key: world.team });
    await faulty.expectAdmitted(`${host}/${repository}:1`);
  });

  test.each<[string, Fault]>([
    ['that is announced', { kind: 'endless', bytes: 100 * mebi, contentLength: 100 * mebi, prefix: '{' }],
    ['in chunks, of which nothing is announced', { kind: 'endless', bytes: 100 * mebi, prefix: '{' }],
    ['behind a Content-Length that lies', { kind: 'endless', prefix: '{' }],
  ])('a manifest of 100 MB %s is not read', async (_, fault) => {
    faulty.breakAt({ reference: '1' }, fault);
    await faulty.expectDenied(`${host}/faults/signed:1`, 'too-large');
    const { requests } = world.registry;
    while (requests.some((request) => request.sent === undefined)) await turn();
    // 4 MiB are read; the rest is what the sockets of two reviews hold.
    expect(total(requests.map(({ sent = 0 }) => sent))).toBeLessThan(32 * mebi);
    expect(requests).toHaveLength(2);
  });

  test('an endless list of referrers: bounded requests, its own reason, and a good signature elsewhere passes', async () => {
    world.registry.settings.intercept = endlessReferrers;
    await faulty.expectDenied(`${host}/faults/unsigned:1`, 'too-many-referrers');
    expect(world.registry.count({ kind: 'referrers' })).toBe(20);
    expect(world.registry.requests.length).toBeLessThan(60);
    await faulty.expectAdmitted();
  });

  test.each([
    ['null, as Go writes an empty list', '{"schemaVersion":2,"manifests":null}', 'no-signature'],
    ['left out', '{"schemaVersion":2}', 'no-signature'],
    ['no list', '{"schemaVersion":2,"manifests":7}', 'malformed-manifest'],
    ['no JSON', '<html>', 'malformed-manifest'],
    ['of millions of values', `{"schemaVersion":2,"manifests":[${'{},'.repeat(1_000_000)}{}]}`, 'too-large'],
  ])('a list of referrers that is %s makes no unsigned image unavailable', async (_, body, reason) => {
    const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
    faulty.breakAt({ kind: 'referrers' }, { kind: 'body', body, headers });
    await faulty.expectDenied(`${host}/faults/unsigned:1`, reason);
    await faulty.expectAdmitted();
  });

  test('201 referrers in one list', async () => {
    const repository = 'faults/many';
    const digest = await makeImage(world.destination, repository, '1', { label: 'many' });
    for (let index = 0; index < 201; index++) {
      world.registry.store.attach(repository, digest, { artifactType: `text/x${index}`, layers: [] });
    }
    await faulty.expectDenied(`${host}/${repository}:1`, 'too-many-referrers');
    expect(world.registry.requests.length).toBeLessThanOrEqual(2 * (200 + 5));
  });

  test.each(['sig', 'bundle'] as const)('51 junk signatures (%s): denied with a reason of its own', async (format) => {
    const repository = `faults/junk-${format}`;
    const digest = await makeImage(world.destination, repository, '1', { label: repository });
    const keys = Array.from({ length: 51 }, () => newKey());
    for (const key of keys.slice(1)) await sign(world.destination, { repository, digest, key, format });
    await faulty.expectDenied(`${host}/${repository}:1`, 'signature-mismatch');
    await sign(world.destination, { repository, digest, key: keys[0] ?? newKey(), format });
    world.registry.requests.length = 0;
    await faulty.expectDenied(`${host}/${repository}:1`, 'too-many-signatures');
    expect(world.registry.count({ kind: 'blob' })).toBeLessThanOrEqual(2 * 50);
  });

  test.each(['first', 'last'] as const)('a good signature that comes %s among 49 of junk passes', async (place) => {
    for (const format of ['sig', 'bundle'] as const) {
      const repository = `faults/among-${format}-${place}`;
      const digest = await makeImage(world.destination, repository, '1', { label: repository });
      const good = () => sign(world.destination, { repository, digest, key: world.team, format });
      if (place === 'first') await good();
      for (let index = 0; index < 49; index++)
        await sign(world.destination, { repository, digest, key: newKey(), format });
      if (place === 'last') await good();
      await faulty.expectAdmitted(`${host}/${repository}:1`);
    }
  });

  test('junk referrers do not crowd out the .sig tag', async () => {
    const repository = 'faults/crowd';
    const digest = await makeImage(world.destination, repository, '1', { label: 'crowd' });
    for (let index = 0; index < 60; index++) await sign(world.destination, { repository, digest, key: newKey() });
    await faulty.expectDenied(`${host}/${repository}:1`, 'too-many-signatures');
    await sign(world.destination, { repository, digest, key: world.team, format: 'sig' });
    await faulty.expectAdmitted(`${host}/${repository}:1`);
  });

  test('a payload over 64 KiB and a bundle over 16 MiB are not fetched', async () => {
    const repository = 'faults/large';
    const digest = await makeImage(world.destination, repository, '1', { label: 'large' });
    const { store } = world.registry;
    const layer = (mediaType: string, size: number) => ({ mediaType, size, digest: digestOf(Buffer.from(mediaType)) });
    const manifest = (layers: object[], more: object = {}) => ({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: layer('application/vnd.oci.image.config.v1+json', 2),
      layers,
      ...more,
    });
    const subject = { ...layer('application/vnd.oci.image.manifest.v1+json', 2), digest };
    store.putManifest(repository, manifest([layer(cosign.simpleSigning, 65_537)]), { tag: legacyTag(digest, 'sig') });
    await faulty.expectDenied(`${host}/${repository}:1`, 'too-large');
    store.untag(repository, legacyTag(digest, 'sig'));
    const referrer = { subject, artifactType: cosign.bundle };
    store.putManifest(repository, manifest([layer(cosign.bundle, 16 * mebi + 1)], referrer));
    await faulty.expectDenied(`${host}/${repository}:1`, 'too-large');
    expect(world.registry.count({ kind: 'blob' })).toBe(0);
  });

  test('one review fetches 64 MiB at most', async () => {
    const repository = 'faults/heavy';
    const digest = await makeImage(world.destination, repository, '1', { label: 'heavy' });
    for (let index = 0; index < 6; index++) {
      const bytes = Buffer.alloc(15 * mebi, ' ');
      bytes.write(String(index));
      world.registry.store.attach(repository, digest, {
        artifactType: cosign.bundle,
        layers: [{ mediaType: cosign.bundle, bytes }],
      });
    }
    const answer = await faulty.ask(`${host}/${repository}:1`, { failurePolicy: 'Ignore' });
    expect(answer).toMatchObject({ code: 403, message: expect.stringContaining('review-too-large') });
  });

  test('what is no image, and a manifest that does not parse', async () => {
    const { store } = world.registry;
    store.putManifest('faults/text', Buffer.from('{}'), { tag: '1', mediaType: 'text/html' });
    await faulty.expectDenied(`${host}/faults/text:1`, 'not-an-image');
    store.putManifest('faults/broken', Buffer.from('{"schemaVersion":2,'), { tag: '1' });
    await faulty.expectDenied(`${host}/faults/broken:1`, 'malformed-manifest');
  });

  test('a listed referrer that the registry does not have', async () => {
    const repository = 'faults/missing';
    const digest = await makeImage(world.destination, repository, '1', { label: 'missing' });
    const { manifest, layer } = await sign(world.destination, { repository, digest, key: world.team });
    faulty.breakAt({ reference: layer }, { kind: 'status', status: 404 });
    await faulty.expectDenied(`${host}/${repository}:1`, 'content-missing');
    faulty.breakAt({ reference: manifest }, { kind: 'status', status: 404 });
    await faulty.expectDenied(`${host}/${repository}:1`, 'content-missing');
    world.registry.settings.intercept = undefined;
    await faulty.expectAdmitted(`${host}/${repository}:1`);
  });
});
