import type { Digest } from '../../shared/image/digest.ts';
import { type Descriptor, mediaTypes, parseJson } from '../registry/store.ts';
import type { Destination } from './destination.ts';
import { fallbackTag } from './documents.ts';

export interface Layer {
  mediaType: string;
  bytes: Uint8Array;
  annotations?: Readonly<Record<string, string>>;
}

/** Where something was attached. */
export interface Attached {
  /** The manifest that holds it. */
  manifest: Digest;
  layer: Digest;
}

/** What an artifact manifest is beside its layer. */
export interface Artifact {
  artifactType: string;
  /** `type`: an empty one of the artifact's type, which the manifest does not name (image-spec before 1.1). */
  config: 'empty' | 'image' | 'type';
  annotations?: Readonly<Record<string, string>>;
}

/**
 * Adds a layer to the image that a tag names, as cosign keeps `.sig` and `.att`: one layer for each signature, the
 * older first.
 */
export async function appendLayer(
  destination: Destination,
  repository: string,
  tag: string,
  layer: Layer,
): Promise<Attached> {
  const descriptor = await putLayer(destination, repository, layer);
  const existing = await destination.manifest(repository, tag);
  const layers = [...(existing === undefined ? [] : entries(existing.bytes, 'layers')), descriptor];
  const manifest = await destination.putManifest(
    repository,
    {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: await putConfig(destination, repository, mediaTypes.config, layers),
      layers,
    },
    tag,
  );
  return { manifest, layer: descriptor.digest };
}

/**
 * Attaches an artifact of one layer to a digest (image-spec 1.1, `subject`). Where the registry does not list it
 * afterwards, the fallback tag is kept as cosign 3 keeps it: an index whose descriptors have the artifact type and no
 * annotations.
 */
export async function attachReferrer(
  destination: Destination,
  repository: string,
  subject: Descriptor,
  layer: Layer,
  { artifactType, config, annotations }: Artifact,
): Promise<Attached> {
  const descriptor = await putLayer(destination, repository, layer);
  const empty = Buffer.from('{}');
  const document = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config:
      config === 'empty'
        ? {
            mediaType: mediaTypes.empty,
            size: empty.length,
            digest: await destination.putBlob(repository, empty),
            artifactType,
          }
        : config === 'type'
          ? { mediaType: artifactType, size: empty.length, digest: await destination.putBlob(repository, empty) }
          : await putConfig(destination, repository, artifactType, [descriptor]),
    layers: [descriptor],
    ...(annotations === undefined ? {} : { annotations }),
    subject,
    ...(config === 'type' ? {} : { artifactType }),
  };
  const manifest = await destination.putManifest(repository, document);
  const listed = await destination.referrers(repository, subject.digest);
  if (!listed.includes(manifest)) {
    await addToFallback(destination, repository, subject.digest, {
      mediaType: mediaTypes.manifest,
      size: Buffer.byteLength(JSON.stringify(document)),
      digest: manifest,
      artifactType,
    });
  }
  return { manifest, layer: descriptor.digest };
}

/** The descriptor of what is to be signed. Throws when it is not there. */
export async function describe(destination: Destination, repository: string, digest: Digest): Promise<Descriptor> {
  const manifest = await destination.manifest(repository, digest);
  if (manifest === undefined) throw new Error(`${repository}@${digest} is not in ${destination.host}`);
  return { mediaType: manifest.mediaType, size: manifest.bytes.length, digest };
}

/** An array in a JSON document; empty when it is not there. */
export function entries(bytes: Uint8Array, field: string): Descriptor[] {
  const document = parseJson(bytes);
  if (typeof document !== 'object' || document === null) return [];
  const list: unknown = Object.getOwnPropertyDescriptor(document, field)?.value;
  return Array.isArray(list) ? list : [];
}

async function addToFallback(
  destination: Destination,
  repository: string,
  subject: Digest,
  descriptor: Descriptor,
): Promise<void> {
  const tag = fallbackTag(subject);
  const existing = await destination.manifest(repository, tag);
  const manifests = [...(existing === undefined ? [] : entries(existing.bytes, 'manifests')), descriptor];
  await destination.putManifest(repository, { schemaVersion: 2, mediaType: mediaTypes.index, manifests }, tag);
}

async function putLayer(destination: Destination, repository: string, layer: Layer): Promise<Descriptor> {
  return {
    mediaType: layer.mediaType,
    size: layer.bytes.length,
    digest: await destination.putBlob(repository, layer.bytes),
    ...(layer.annotations === undefined ? {} : { annotations: layer.annotations }),
  };
}

/** The configuration that go-containerregistry writes for an image made of layers alone; no clock goes in. */
async function putConfig(
  destination: Destination,
  repository: string,
  mediaType: string,
  layers: readonly Descriptor[],
): Promise<Descriptor> {
  const created = '0001-01-01T00:00:00Z';
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created,
      history: layers.map(() => ({ created })),
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      config: {},
    }),
  );
  return { mediaType, size: config.length, digest: await destination.putBlob(repository, config) };
}
