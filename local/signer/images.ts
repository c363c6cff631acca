import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Digest } from '../../shared/image/digest.ts';
import { type Descriptor, mediaTypes } from '../registry/store.ts';
import type { Destination } from './destination.ts';

export interface Platform {
  os: string;
  architecture: string;
}

export interface ImageOptions {
  /** Images of one label and platform are byte-equal; without a label every image is another. */
  label?: string;
  /** linux/amd64 by default. */
  platform?: Platform;
}

/**
 * A valid OCI image that holds one small file, so that its digest depends on nothing but the options: no clock goes in.
 * Returns its digest.
 */
export async function makeImage(
  destination: Destination,
  repository: string,
  tag?: string,
  { label = randomUUID(), platform = { os: 'linux', architecture: 'amd64' } }: ImageOptions = {},
): Promise<Digest> {
  const archive = tarOf('label', Buffer.from(`${label}\n`));
  const layer = gzipSync(archive);
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      config: { Labels: { label } },
      rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(archive).digest('hex')}`] },
    }),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: {
      mediaType: mediaTypes.config,
      size: config.length,
      digest: await destination.putBlob(repository, config),
    },
    layers: [{ mediaType: mediaTypes.layer, size: layer.length, digest: await destination.putBlob(repository, layer) }],
  };
  return destination.putManifest(repository, manifest, tag);
}

/**
 * An OCI index over images that are in the repository already. Returns its digest; throws when a child is not there.
 */
export async function makeIndex(
  destination: Destination,
  repository: string,
  tag: string | undefined,
  children: readonly { digest: Digest; platform?: Platform }[],
): Promise<Digest> {
  const manifests: Descriptor[] = [];
  for (const { digest, platform } of children) {
    const child = await destination.manifest(repository, digest);
    if (child === undefined) throw new Error(`${repository}@${digest} is not in ${destination.host}`);
    manifests.push({
      mediaType: child.mediaType,
      size: child.bytes.length,
      digest,
      ...(platform === undefined ? {} : { platform }),
    });
  }
  return destination.putManifest(repository, { schemaVersion: 2, mediaType: mediaTypes.index, manifests }, tag);
}

/** A tar archive (POSIX ustar) of one regular file of 1970, mode 0644. */
function tarOf(name: string, content: Uint8Array): Buffer {
  const block = 512;
  const header = Buffer.alloc(block);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = (block - (content.length % block)) % block;
  return Buffer.concat([header, content, Buffer.alloc(padding + 2 * block)]);
}
