import { spending } from '../net/testing/spending.ts';
import type { RegistryLimits } from './limits.ts';
import { type Asked, signaturesAlone, type Unread } from './registry.ts';
import { type Setup, setUp } from './testing/setup.ts';
import { type Stored, sha256, types } from './testing/store.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type World = Setup & { readonly image: Stored };

async function start(limits: Partial<RegistryLimits> = {}): Promise<World> {
  const it = await setUp({ limits });
  closing.push(it.close);
  return { ...it, image: it.store.image('app', 'v1') };
}

const provenance = 'https://slsa.dev/provenance/v1';
const sbom = 'https://cyclonedx.org/bom';
const asked: Asked = { ...signaturesAlone, predicateTypes: new Set([provenance]) };

const read = (it: World, spent = spending()) => it.registry.attached(it.repository, it.image.digest, spent, asked);
const readUnasked = (it: World) => it.registry.attached(it.repository, it.image.digest, spending());
type Read = Awaited<ReturnType<typeof read>>;
const texts = ({ items }: Read) => items.map(({ bytes }) => Buffer.from(bytes).toString());
const reasons = ({ unreadable, unreadableAttestations }: Read) => [
  unreadable.map(({ reason }) => reason),
  unreadableAttestations.map(({ reason }) => reason),
];
const paths = (it: World) => it.server.requests.map(({ path }) => path.replace('/v2/org/app/', '')).sort();
const tagOf = ({ image }: World, suffix = '') => `sha256-${image.digest.slice(7)}${suffix}`;
const envelope = (it: World, text: string) => it.store.blob(text, types.envelope);

const unreadOf = (it: World, text: string): Unread => ({
  repository: it.repository,
  layer: sha256(Buffer.from(text)),
  mediaType: types.envelope,
  as: 'attestation',
});

/** Answers requests whose path matches with a status. */
function failing(it: World, path: RegExp, status: number): void {
  it.store.intercept = (request, response) => {
    if (!path.test(request.url ?? '')) return false;
    response.writeHead(status).end();
    return true;
  };
}

describe('where attestations are asked for', () => {
  test('the `.att` tag is asked in the round of the others: two rounds, and one more to resolve a tag', async () => {
    const it = await start();
    it.store.signatureTag(it.image, ['signature']);
    const manifest = it.store.attestationTag(it.image, [[provenance, '{"payload":"…"}']]);
    const found = await read(it);
    expect(texts(found)).toEqual(['signature', '{"payload":"…"}']);
    expect(found.items[1]).toMatchObject({
      source: 'att-tag',
      repository: it.repository,
      manifest: manifest.digest,
      layer: {
        mediaType: types.envelope,
        annotations: { 'dev.cosignproject.cosign/signature': '', predicateType: provenance },
      },
    });
    expect(found.items[1]?.layer.annotations).not.toHaveProperty('other');
    expect(it.rounds()).toBe(2);
    expect(it.server.requests).toHaveLength(6);
    it.resetRounds();
    const image = await it.registry.resolve(it.repository, 'v1', spending());
    await it.registry.attached(it.repository, image.digest, spending(), asked);
    expect(it.rounds()).toBe(3);
  });

  test('nothing: one request more than without, in the same round', async () => {
    const it = await start();
    expect(await read(it)).toEqual({ items: [], unreadable: [], unreadableAttestations: [], unread: [] });
    expect(it.rounds()).toBe(1);
    expect(paths(it)).toEqual(
      [
        `manifests/${tagOf(it)}`,
        `manifests/${tagOf(it, '.att')}`,
        `manifests/${tagOf(it, '.sig')}`,
        `referrers/${it.image.digest}`,
      ].sort(),
    );
  });

  test('envelopes among the referrers, each layer of them, by either list', async () => {
    const it = await start();
    it.store.referrer(it.image, [envelope(it, 'one'), envelope(it, 'two'), it.store.blob('signature')]);
    expect(texts(await read(it))).toEqual(['one', 'two']);
    it.store.fallbackTag(it.image);
    it.store.referrersApi = 'off';
    expect(texts(await read(it))).toEqual(['one', 'two']);
  });

  test('under the tag a signature is none, and an envelope under the other tag is none either', async () => {
    const it = await start();
    const layers = [it.store.blob('signature'), it.store.blob('bundle', types.bundle), it.store.blob('x', 'text/spdx')];
    it.store.manifest({ schemaVersion: 2, config: {}, layers }, tagOf(it, '.att'));
    it.store.manifest({ schemaVersion: 2, config: {}, layers: [envelope(it, 'envelope')] }, tagOf(it, '.sig'));
    expect(await read(it)).toEqual({ items: [], unreadable: [], unreadableAttestations: [], unread: [] });
    expect(paths(it).filter((path) => path.startsWith('blobs'))).toEqual([]);
  });

  test('there is no such tag for a SHA-512 digest', async () => {
    const it = await start();
    const digest = `sha512:${'ab'.repeat(64)}` as Stored['digest'];
    await it.registry.attached(it.repository, digest, spending(), asked);
    expect(paths(it)).toEqual([`manifests/sha512-${'ab'.repeat(32)}`, `referrers/${digest}`]);
    expect(await it.registry.attested(it.repository, digest, spending())).toEqual([]);
    expect(it.server.requests).toHaveLength(2);
  });
});

describe('where none is asked for', () => {
  test('the tag is not asked, and an envelope among the referrers is seen and not read', async () => {
    const it = await start();
    it.store.attestationTag(it.image, [[provenance, 'tagged']]);
    it.store.referrer(it.image, [envelope(it, 'referring')]);
    const found = await readUnasked(it);
    expect(found).toEqual({
      items: [],
      unreadable: [],
      unreadableAttestations: [],
      unread: [unreadOf(it, 'referring')],
    });
    expect(paths(it).filter((path) => path.startsWith('blobs') || path.endsWith('.att'))).toEqual([]);
  });

  test('one that is malformed, or one of too many, is nothing to anybody', async () => {
    const it = await start({ attestations: 2 });
    it.store.referrer(it.image, [{ ...envelope(it, 'x'), digest: 'sha256:../x' }]);
    it.store.referrer(
      it.image,
      ['a', 'b', 'c', 'd'].map((text) => envelope(it, text)),
    );
    expect(reasons(await readUnasked(it))).toEqual([[], []]);
    expect(reasons(await read(it))).toEqual([[], ['malformed-manifest', 'too-many-signatures']]);
  });
});

describe('what the `.att` tag alone says', () => {
  test('its envelopes, by one request', async () => {
    const it = await start();
    it.store.attestationTag(it.image, [
      [provenance, 'one'],
      [sbom, 'two'],
    ]);
    expect(await it.registry.attested(it.repository, it.image.digest, spending())).toEqual(
      ['one', 'two'].map((text) => unreadOf(it, text)),
    );
    expect(paths(it)).toEqual([`manifests/${tagOf(it, '.att')}`]);
  });

  test('nothing where there is none, or where it holds something else', async () => {
    const it = await start();
    const seen = () => it.registry.attested(it.repository, it.image.digest, spending());
    expect(await seen()).toEqual([]);
    it.store.manifest({ schemaVersion: 2, config: {}, layers: [it.store.blob('signature')] }, tagOf(it, '.att'));
    expect(await seen()).toEqual([]);
    it.store.manifest({ schemaVersion: 2, manifests: [] }, tagOf(it, '.att'), types.index);
    expect(await seen()).toEqual([]);
  });

  test('a registry that fails is asked once', async () => {
    const it = await start();
    failing(it, /[.]att$/, 503);
    await expect(it.registry.attested(it.repository, it.image.digest, spending())).rejects.toMatchObject({
      reason: 'registry-error',
    });
    expect(it.server.requests).toHaveLength(1);
    expect(it.waits).toEqual([]);
  });
});

describe('one broken thing never spoils the rest', () => {
  test.each([
    [403, 'registry-unauthorized'],
    [500, 'registry-error'],
    [503, 'registry-error'],
  ] as const)('%d for the `.att` tag: attestations cannot be read, signatures can', async (status, reason) => {
    const it = await start();
    it.store.signatureTag(it.image, ['signature']);
    it.store.attestationTag(it.image, [[provenance, 'envelope']]);
    failing(it, /[.]att$/, status);
    const found = await read(it);
    expect(texts(found)).toEqual(['signature']);
    expect(found.unreadable).toEqual([]);
    expect(found.unreadableAttestations).toMatchObject([{ reason, kind: 'unavailable' }]);
  });

  test('429 for it is of the registry, which is asked for nothing then', async () => {
    const it = await start();
    it.store.signatureTag(it.image, ['signature']);
    failing(it, /[.]att$/, 429);
    const found = await read(it);
    expect(found.unreadableAttestations).toMatchObject([{ reason: 'registry-throttled', kind: 'unavailable' }]);
    expect(found.unreadable).toMatchObject([{ reason: 'registry-throttled', kind: 'unavailable' }]);
  });

  test('404 for it is an answer', async () => {
    const it = await start();
    failing(it, /[.]att$/, 404);
    expect(reasons(await read(it))).toEqual([[], []]);
  });

  test('an index under it, and a layer that breaks the format', async () => {
    const it = await start();
    it.store.manifest({ schemaVersion: 2, manifests: [] }, tagOf(it, '.att'), types.index);
    expect(reasons(await read(it))).toEqual([[], ['malformed-manifest']]);
    const layers = [{ ...envelope(it, 'y'), size: -1 }, envelope(it, 'fine')];
    it.store.manifest({ schemaVersion: 2, config: {}, layers }, tagOf(it, '.att'));
    const found = await read(it);
    expect(texts(found)).toEqual(['fine']);
    expect(reasons(found)).toEqual([[], ['malformed-manifest']]);
  });

  test('a blob that is gone, or unlike its digest', async () => {
    const it = await start();
    it.store.attestationTag(it.image, [
      [provenance, 'gone'],
      [provenance, 'changed'],
      [provenance, 'fine'],
    ]);
    it.store.blobs.delete(sha256(Buffer.from('gone')));
    it.store.blobs.set(sha256(Buffer.from('changed')), Buffer.from('CHANGED'));
    const found = await read(it);
    expect(texts(found)).toEqual(['fine']);
    expect(found.unreadable).toEqual([]);
    expect(found.unreadableAttestations.map(({ reason }) => reason).sort()).toEqual([
      'content-missing',
      'digest-mismatch',
    ]);
  });

  test('what may be either is missing as both; a signature alone is no attestation', async () => {
    const it = await start();
    it.store.referrer(it.image, [it.store.blob('gone', types.bundle)]);
    it.store.blobs.delete(sha256(Buffer.from('gone')));
    expect(reasons(await read(it))).toEqual([['content-missing'], ['content-missing']]);
    const other = await start();
    other.store.signatureTag(other.image, ['gone']);
    other.store.blobs.delete(sha256(Buffer.from('gone')));
    expect(reasons(await read(other))).toEqual([['content-missing'], []]);
    failing(other, /referrers/, 404);
    expect(reasons(await read(other))).toEqual([['content-missing'], []]);
    failing(other, /referrers/, 500);
    const [signatures = [], attestations = []] = reasons(await read(other));
    expect([...signatures].sort()).toEqual(['content-missing', ...attestations]);
    expect(attestations).toHaveLength(1);
  });

  test('what ends the reading may have kept a signature from being read', async () => {
    const it = await start();
    it.store.attestationTag(it.image, [[provenance, 'x'.repeat(1000)]]);
    const found = await read(it, spending({ bytes: 1000 }));
    expect(reasons(found)).toEqual([['review-too-large'], ['review-too-large']]);
  });

  test('nothing of a registry that fails again and again is asked for any more', async () => {
    const it = await start({ parallel: 1 });
    it.store.attestationTag(
      it.image,
      Array.from({ length: 20 }, (_, index) => [provenance, `${index}`] as const),
    );
    failing(it, /blobs/, 500);
    const found = await read(it);
    expect(found.unreadableAttestations).toHaveLength(3);
    expect(found.unreadable).toHaveLength(1);
    expect(new Set(paths(it).filter((path) => path.startsWith('blobs'))).size).toBe(3);
  });
});

describe('bounds', () => {
  const many = (count: number, type = provenance) =>
    Array.from({ length: count }, (_, index) => [type, `${type} ${index}`] as const);

  test('of 200 layers 50 are read, and the bound is told', async () => {
    const it = await start();
    it.store.attestationTag(it.image, many(200));
    const found = await read(it);
    expect(found.items).toHaveLength(50);
    expect(found.unreadable).toEqual([]);
    expect(found.unreadableAttestations).toMatchObject([{ reason: 'too-many-signatures', kind: 'denied' }]);
    expect(found.unreadableAttestations[0]?.message).toContain('more than 50 attestations are attached');
  });

  test('exactly 50 are no too many', async () => {
    const it = await start();
    it.store.attestationTag(it.image, many(50));
    const found = await read(it);
    expect(found.items).toHaveLength(50);
    expect(reasons(found)).toEqual([[], []]);
  });

  test('those of the types that are asked for come first, by what they say of themselves', async () => {
    const it = await start({ attestations: 3 });
    it.store.attestationTag(it.image, [...many(2, sbom), ...many(1)]);
    it.store.referrer(it.image, [envelope(it, 'says nothing')]);
    const stated = { annotations: { predicateType: provenance } };
    it.store.referrer(it.image, [envelope(it, 'says so')], stated);
    expect(texts(await read(it))).toEqual(['says so', `${provenance} 0`, 'says nothing']);
  });

  test('they take no place of what may be a signature', async () => {
    const it = await start({ attestations: 2, signatures: 1 });
    it.store.signatureTag(it.image, ['signature']);
    it.store.attestationTag(it.image, many(5));
    const attests = { annotations: { 'dev.sigstore.bundle.predicateType': sbom } };
    for (const text of ['a', 'b']) it.store.referrer(it.image, [it.store.blob(text, types.bundle)], attests);
    const found = await read(it);
    expect(texts(found)).toEqual(['signature', 'a', 'b', `${provenance} 0`, `${provenance} 1`]);
    expect(reasons(found)).toEqual([[], ['too-many-signatures']]);
  });

  test('an envelope may have 16 MiB, and not a byte more', async () => {
    const it = await start();
    const most = 16 * 1024 * 1024;
    const layers = [{ ...envelope(it, 'large'), size: most + 1 }, it.store.blob(Buffer.alloc(most), types.envelope)];
    it.store.manifest({ schemaVersion: 2, config: {}, layers }, tagOf(it, '.att'));
    const found = await read(it);
    expect(found.items.map(({ bytes }) => bytes.length)).toEqual([most]);
    expect(reasons(found)).toEqual([[], ['too-large']]);
    found.release?.();
  });

  test('large ones and large bundles wait for room together', async () => {
    const entered: number[] = [];
    const it = await setUp({
      rooms: {
        enter(bytes) {
          entered.push(bytes);
          return { entered: Promise.resolve(), leave: () => undefined };
        },
      },
    });
    closing.push(it.close);
    const image = it.store.image('app', 'v1');
    const large = 100_000;
    it.store.attestationTag(image, [[provenance, 'x'.repeat(large)]]);
    it.store.referrer(image, [it.store.blob('y'.repeat(large), types.bundle)]);
    const found = await it.registry.attached(it.repository, image.digest, spending(), asked);
    expect(found.items).toHaveLength(2);
    expect(entered).toEqual([2 * large]);
  });
});
