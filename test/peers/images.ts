import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expectStatus } from './wire.ts';

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerTypes = {
  manifest: dockerManifest,
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
};
const ociTypes = {
  manifest: ociManifest,
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
};

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string };
}

export interface ImageOptions {
  architecture?: 'amd64' | 'arm64';
  /** The image's format; OCI by default. */
  format?: 'oci' | 'docker';
}

/** `sha256:` and the hash in hex. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

let images = 0;

/**
 * Makes an image of one small layer, unlike every other that this process makes (a label counts them), and pushes it.
 * Returns its digest.
 */
export async function pushImage(host: string, repo: string, tag: string, options: ImageOptions = {}): Promise<string> {
  return (await putImage(host, repo, tag, options)).digest;
}

/**
 * Pushes two images by digest, linux/amd64 and linux/arm64, and their index under the tag.
 * Returns the index's digest and its images' in that order.
 */
export async function pushIndex(
  host: string,
  repo: string,
  tag: string,
): Promise<{ digest: string; children: [amd64: string, arm64: string] }> {
  const amd64 = await putImage(host, repo, undefined, { architecture: 'amd64' });
  const arm64 = await putImage(host, repo, undefined, { architecture: 'arm64' });
  const index = json({ schemaVersion: 2, mediaType: ociIndex, manifests: [amd64, arm64] });
  const digest = await putManifest(host, repo, tag, ociIndex, index);
  return { digest, children: [amd64.digest, arm64.digest] };
}

/** Stores a blob (two requests, as every registry takes them) and returns its descriptor. */
export async function putBlob(host: string, repo: string, mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const opened = await expectStatus(202, 'POST', `http://${host}/v2/${repo}/blobs/uploads/`);
  const upload = new URL(opened.headers.location ?? '', `http://${host}`);
  upload.searchParams.set('digest', digest);
  await expectStatus(201, 'PUT', upload, { 'content-type': 'application/octet-stream' }, bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Stores a manifest under `reference`, a tag or its own digest when absent. Returns its digest. */
export async function putManifest(
  host: string,
  repo: string,
  reference: string | undefined,
  mediaType: string,
  bytes: Uint8Array,
): Promise<string> {
  const digest = digestOf(bytes);
  const url = `http://${host}/v2/${repo}/manifests/${reference ?? digest}`;
  await expectStatus(201, 'PUT', url, { 'content-type': mediaType }, bytes);
  return digest;
}

async function putImage(
  host: string,
  repo: string,
  tag: string | undefined,
  { architecture = 'amd64', format = 'oci' }: ImageOptions,
): Promise<Descriptor> {
  const types = format === 'docker' ? dockerTypes : ociTypes;
  images += 1;
  const tar = tarOf('countersign', Buffer.from(`image ${images} of ${process.pid}\n`));
  const config = json({
    architecture,
    os: 'linux',
    config: { Labels: { 'countersign.test/image': `${repo} ${process.pid}.${images}` } },
    rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    history: [],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: await putBlob(host, repo, types.config, config),
    layers: [await putBlob(host, repo, types.layer, gzipSync(tar))],
  });
  const digest = await putManifest(host, repo, tag, types.manifest, manifest);
  return { mediaType: types.manifest, digest, size: manifest.length, platform: { os: 'linux', architecture } };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** A tar (ustar, POSIX.1-1988) of one file: its header, its bytes padded to 512, and two blocks of zeros. */
function tarOf(name: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512), Buffer.alloc(1024)]);
}
