import { evidenceKinds } from '../evidence/kinds.ts';
import { bytesInSlice } from '../net/json-bounds.ts';
import { atOnce } from '../slices.ts';
import { defaultLimits } from './limits.ts';
import { parseDescriptor, parseManifest, parseReferrers } from './manifest.ts';

const kept = { kinds: evidenceKinds, limits: defaultLimits };
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const parse = (value: unknown, type?: string) => atOnce(parseManifest(bytes(value), type, 'it', kept));
const oci = 'application/vnd.oci.image.manifest.v1+json';
const index = 'application/vnd.oci.image.index.v1+json';
const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const manifest = { schemaVersion: 2, config: {}, layers: [] };

test.each([
  [{ ...manifest, mediaType: oci }, oci, 'manifest'],
  [{ ...manifest, mediaType: oci }, `${oci.toUpperCase()}; charset=utf-8`, 'manifest'],
  [{ ...manifest, mediaType: docker }, undefined, 'manifest'],
  [{ ...manifest, mediaType: docker }, 'text/plain', 'manifest'],
  [manifest, oci, 'manifest'],
  [manifest, 'application/json', 'manifest'],
  [{ schemaVersion: 2, manifests: [] }, undefined, 'index'],
  [{ schemaVersion: 2, manifests: [], mediaType: index }, index, 'index'],
  [{ schemaVersion: 1 }, undefined, 'schema1'],
  [{ schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+prettyjws', 'schema1'],
  ['<html>', 'text/html', 'other'],
  [manifest, 'constructor', 'other'],
  [manifest, '__proto__', 'other'],
  [{ ...manifest, mediaType: 'constructor' }, undefined, 'other'],
  [{ ...manifest, mediaType: 'toString' }, 'text/plain', 'other'],
  [{ schemaVersion: 2 }, undefined, 'other'],
  [{ mediaType: 'application/vnd.oci.artifact.manifest.v1+json', blobs: [] }, undefined, 'other'],
])('%j as %s is %s', (value, type, kind) => {
  expect(parse(value, type).kind).toBe(kind);
});

test.each([
  [{ ...manifest, mediaType: index }, oci],
  [{ ...manifest, mediaType: docker }, oci],
  [{ ...manifest, mediaType: 3 }, oci],
  [{ ...manifest, manifests: [] }, oci],
  [{ schemaVersion: 2, manifests: [], layers: [] }, index],
  [{ schemaVersion: 2, manifests: [], config: {} }, index],
  [{ schemaVersion: 2, config: {}, layers: {} }, oci],
  [{ schemaVersion: 2, layers: [] }, oci],
  [{ schemaVersion: 2, config: null, layers: [] }, oci],
  [{ schemaVersion: 2, manifests: {} }, index],
  [{ schemaVersion: 3, config: {}, layers: [] }, oci],
  ['not json', oci],
  ['[]', oci],
  ['\ufeff{}', oci],
  ['[['.repeat(4_000), oci],
])('%j as %s is malformed', (value, type) => {
  expect(() => parse(value, type)).toThrow(expect.objectContaining({ reason: 'malformed-manifest', kind: 'denied' }));
});

test('a descriptor is used as a whole or not at all', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const good = { mediaType: 'x', digest, size: 3, annotations: { a: 'b' } };
  expect(parseDescriptor({ ...good, data: 'AAAA', urls: ['https://evil.example'] })).toEqual(good);
  expect(parseDescriptor({ ...good, annotations: null })).toEqual({ ...good, annotations: {} });
  for (const bad of [
    { digest: 'sha256:../../x' },
    { digest: `sha256:${'A'.repeat(64)}` },
    { digest: `sha1:${'a'.repeat(40)}` },
    { digest: `${digest}/..` },
    { size: -1 },
    { size: 1.5 },
    { size: '3' },
    { mediaType: undefined },
    { annotations: { a: 1 } },
    { annotations: 'x' },
  ]) {
    expect(parseDescriptor({ ...good, ...bad })).toBeUndefined();
  }
});

const digest = (text: string) => `sha256:${Buffer.from(text).toString('hex').padStart(64, '0')}`;
const descriptor = (text: string, mediaType = 'x/y') => ({ mediaType, digest: digest(text), size: 3, annotations: {} });

test.each([
  [{ schemaVersion: 2, manifests: null }, index, { kind: 'index', manifests: [] }],
  [{ schemaVersion: 2 }, index, { kind: 'index', manifests: [] }],
  [{ schemaVersion: 2, manifests: null }, undefined, { kind: 'index', manifests: [] }],
  [{ schemaVersion: 2, config: {}, layers: null }, oci, { kind: 'manifest', layers: [] }],
  [{ schemaVersion: 2, config: {} }, oci, { kind: 'manifest', layers: [] }],
  [{ ...manifest, manifests: null }, undefined, { kind: 'manifest', layers: [] }],
])('%j as %s: a list that is null or left out is empty', (value, type, expected) => {
  expect(parse(value, type)).toMatchObject(expected);
});

describe('what is kept of a manifest', () => {
  const payload = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const layersOf = (layers: unknown[]) => parse({ ...manifest, layers }, oci);

  test('the layers that may be evidence, whole', () => {
    const kept = layersOf([descriptor('a', bundle), descriptor('b', payload), descriptor('c', bundle), {}, null, 'x']);
    expect(kept).toEqual({
      kind: 'manifest',
      mediaType: oci,
      firstLayer: bundle,
      layerCount: 6,
      layers: [
        { mediaType: bundle, descriptor: descriptor('a', bundle) },
        { mediaType: payload, descriptor: descriptor('b', payload) },
      ],
    });
  });

  test('of a layer’s annotations those of cosign', () => {
    const annotations = { 'dev.cosignproject.cosign/signature': 'a', 'dev.sigstore.cosign/bundle': 'b' };
    const layer = descriptor('a', payload);
    const kept = layersOf([{ ...layer, annotations: { ...annotations, padding: 'x', __proto__: 'y' } }]);
    expect(kept).toMatchObject({ layers: [{ descriptor: { ...layer, annotations } }] });
    expect(layersOf([{ ...layer, annotations: { padding: 7 } }])).toMatchObject({
      layers: [{ descriptor: undefined }],
    });
  });

  test('one more of them than may be tried, and of malformed ones the first: they crowd out nobody', () => {
    const good = Array.from({ length: 60 }, (_, at) => descriptor(`${at}`, payload));
    const kept = layersOf([...Array(100).fill({ mediaType: payload }), ...good]);
    expect(kept).toMatchObject({ layers: { length: 52, 0: { descriptor: undefined }, 51: { descriptor: good[50] } } });
  });

  test('of each kind so many: a bundle before them takes no place of a payload', () => {
    const payloads = Array.from({ length: 60 }, (_, at) => descriptor(`${at}`, payload));
    const kept = layersOf([descriptor('bundle', bundle), ...payloads]);
    expect(kept).toMatchObject({ layers: { length: 52, 0: { mediaType: bundle }, 51: { descriptor: payloads[50] } } });
  });

  test('of an index each digest once, one more than are read, without annotations', () => {
    const listed = Array.from({ length: 300 }, (_, at) => descriptor(`${at}`));
    const noisy = listed.flatMap((one) => [{}, { ...one, annotations: { a: 'b' } }, one]);
    const kept = parse({ schemaVersion: 2, manifests: noisy }, index);
    expect(kept).toEqual({ kind: 'index', mediaType: index, manifests: [undefined, ...listed.slice(0, 201)] });
  });

  test.each([
    [{ artifactType: 'a/b', config: { mediaType: 'c/d' } }, 'a/b'],
    [{ artifactType: '', config: { mediaType: 'c/d' } }, 'c/d'],
    [{ artifactType: 7 }, undefined],
  ])('%j: the artifact type', (value, artifactType) => {
    expect(parse({ ...manifest, ...value }, oci)).toMatchObject({ artifactType });
  });
});

test('a large manifest is parsed in slices, a common one in a single one', () => {
  const slicesOf = (value: unknown) => [...parseManifest(bytes(value), oci, 'it', kept)].length;
  const annotations = { a: 'x'.repeat(bytesInSlice), b: 'y'.repeat(bytesInSlice), c: 'z'.repeat(bytesInSlice) };
  // One for each piece of its text, the decoding and the parser.
  expect(slicesOf({ ...manifest, annotations })).toBeGreaterThanOrEqual(5);
  expect(slicesOf(manifest)).toBe(0);
});

test('a manifest of 4 MiB of long annotations is read, one of many values is over its bound before it is parsed', () => {
  const mebi = 1024 * 1024;
  const annotations = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`a${at}`, '[{,'.repeat(mebi / 30)]));
  expect(parse({ ...manifest, annotations }, oci)).toMatchObject({ kind: 'manifest' });
  const many = (values: number) => `{"schemaVersion":2,"config":{},"layers":[${'{},'.repeat(values)}{}]}`;
  expect(parse(many(9_990), oci)).toMatchObject({ kind: 'manifest', layers: [] });
  expect(() => parse(many(10_010), oci)).toThrow(expect.objectContaining({ reason: 'too-large', kind: 'denied' }));
  expect(() => parse('['.repeat(4 * mebi), oci)).toThrow(expect.objectContaining({ reason: 'too-large' }));
});

test('what answers the referrers API', () => {
  const listOf = (value: unknown, type?: string) =>
    atOnce(parseReferrers(bytes(value), type, 'the list', defaultLimits));
  const list = { schemaVersion: 2, mediaType: index, manifests: [descriptor('a'), 1] };
  for (const type of [index, 'application/json', undefined]) {
    expect(listOf(list, type)).toEqual([descriptor('a'), undefined]);
  }
  expect(listOf({ ...list, manifests: null }, index)).toEqual([]);
  expect(listOf('<html>', 'text/html')).toBe('absent');
  expect(listOf('hello', undefined)).toBe('absent');
  expect(listOf(list, oci)).toBe('absent');
  for (const broken of ['{', 'null', { manifests: [] }, { schemaVersion: 2, manifests: 1 }]) {
    expect(() => listOf(broken, index)).toThrow(
      expect.objectContaining({ reason: 'malformed-manifest', kind: 'denied' }),
    );
    expect(listOf(broken, undefined)).toBe('absent');
  }
});
