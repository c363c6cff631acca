import { parseDescriptor, parseManifest, parseReferrers } from './manifest.ts';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const parse = (value: unknown, type?: string) => parseManifest(bytes(value), type, 'it');
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
  [{ schemaVersion: 2, config: {} }, oci],
  [{ schemaVersion: 2, layers: [] }, oci],
  [{ schemaVersion: 3, config: {}, layers: [] }, oci],
  ['not json', oci],
  ['[]', oci],
  ['\ufeff{}', oci],
  ['[['.repeat(100_000), oci],
])('%j as %s is malformed', (value, type) => {
  expect(() => parse(value, type)).toThrow(expect.objectContaining({ code: 'malformed-manifest', kind: 'denied' }));
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

test('what answers the referrers API', () => {
  const list = { schemaVersion: 2, mediaType: index, manifests: [1] };
  expect(parseReferrers(bytes(list), index)).toEqual([1]);
  expect(parseReferrers(bytes(list), 'application/json')).toEqual([1]);
  expect(parseReferrers(bytes(list), undefined)).toEqual([1]);
  expect(parseReferrers(bytes('<html>'), 'text/html')).toBe('absent');
  expect(parseReferrers(bytes('hello'), undefined)).toBe('absent');
  expect(parseReferrers(bytes(list), oci)).toBe('absent');
  expect(parseReferrers(bytes('{'), index)).toBe('broken');
});
