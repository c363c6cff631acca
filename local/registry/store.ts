import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../shared/admission/json.ts';
import { type Digest, parseDigest, splitDigest } from '../../shared/image/digest.ts';

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const;

/** OCI image-spec 1.1, descriptor: the fields in the order in which Go's tools write them. */
export interface Descriptor {
  mediaType: string;
  size: number;
  digest: Digest;
  annotations?: Readonly<Record<string, string>>;
  artifactType?: string;
  platform?: { architecture: string; os: string };
}

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** The digest that the manifest's `subject` names. */
  readonly subject: Digest | undefined;
}

export interface Attachment {
  artifactType: string;
  layers: readonly { mediaType: string; bytes: Uint8Array; annotations?: Readonly<Record<string, string>> }[];
  annotations?: Readonly<Record<string, string>>;
}

interface Repository {
  readonly manifests: Map<Digest, StoredManifest>;
  readonly blobs: Map<Digest, Buffer>;
  readonly tags: Map<string, Digest>;
}

/**
 * What the embedded registry holds, in memory. Synchronous and without checks, so that tests can store what no
 * registry would take. Names are repositories without host.
 */
export class ImageStore {
  readonly #repositories = new Map<string, Repository>();

  putBlob(name: string, bytes: Uint8Array, digest: Digest = digestOf(bytes)): Digest {
    this.#repository(name).blobs.set(digest, Buffer.from(bytes));
    return digest;
  }

  blob(name: string, digest: Digest): Buffer | undefined {
    return this.#repositories.get(name)?.blobs.get(digest);
  }

  deleteBlob(name: string, digest: Digest): boolean {
    return this.#repositories.get(name)?.blobs.delete(digest) ?? false;
  }

  /**
   * Stores a manifest: bytes as they are, an object as JSON. The media type is the document's own when it is not
   * given.
   */
  putManifest(
    name: string,
    manifest: Uint8Array | object,
    options: { tag?: string; mediaType?: string; digest?: Digest } = {},
  ): Digest {
    const bytes = Buffer.from(manifest instanceof Uint8Array ? manifest : JSON.stringify(manifest));
    const { mediaType, subject } = parseManifest(bytes);
    const digest = options.digest ?? digestOf(bytes);
    this.#repository(name).manifests.set(digest, {
      digest,
      mediaType: options.mediaType ?? mediaType ?? mediaTypes.manifest,
      bytes,
      subject,
    });
    if (options.tag !== undefined) this.tag(name, options.tag, digest);
    return digest;
  }

  manifest(name: string, reference: string): StoredManifest | undefined {
    const repository = this.#repositories.get(name);
    const digest = parseDigest(reference) ?? repository?.tags.get(reference);
    return digest === undefined ? undefined : repository?.manifests.get(digest);
  }

  /** Deletes a manifest and every tag that names it. */
  deleteManifest(name: string, digest: Digest): boolean {
    const repository = this.#repositories.get(name);
    if (repository === undefined) return false;
    for (const [tag, tagged] of repository.tags) if (tagged === digest) repository.tags.delete(tag);
    return repository.manifests.delete(digest);
  }

  tag(name: string, tag: string, digest: Digest): void {
    this.#repository(name).tags.set(tag, digest);
  }

  untag(name: string, tag: string): boolean {
    return this.#repositories.get(name)?.tags.delete(tag) ?? false;
  }

  has(name: string): boolean {
    return this.#repositories.has(name);
  }

  /** Sorted, as the distribution-spec wants a tag list. */
  tags(name: string): string[] {
    return [...(this.#repositories.get(name)?.tags.keys() ?? [])].sort();
  }

  /** The manifests whose `subject` is this digest, in the order of their arrival. */
  referrers(name: string, subject: Digest): StoredManifest[] {
    return [...(this.#repositories.get(name)?.manifests.values() ?? [])].filter((each) => each.subject === subject);
  }

  /**
   * Stores a referrer: an OCI artifact (image-spec 1.1) of these layers, with the empty config, whose subject is
   * `subject`.
   */
  attach(name: string, subject: Digest, { artifactType, layers, annotations }: Attachment): Digest {
    const image = this.manifest(name, subject);
    const empty = Buffer.from('{}');
    return this.putManifest(name, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.empty, size: empty.length, digest: this.putBlob(name, empty), artifactType },
      layers: layers.map((layer) => ({
        mediaType: layer.mediaType,
        size: layer.bytes.length,
        digest: this.putBlob(name, layer.bytes),
        ...(layer.annotations === undefined ? {} : { annotations: layer.annotations }),
      })),
      ...(annotations === undefined ? {} : { annotations }),
      subject: { mediaType: image?.mediaType ?? mediaTypes.manifest, size: image?.bytes.length ?? 0, digest: subject },
      artifactType,
    });
  }

  #repository(name: string): Repository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = { manifests: new Map(), blobs: new Map(), tags: new Map() };
      this.#repositories.set(name, repository);
    }
    return repository;
  }
}

export function digestOf(bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}

export function hasDigest(bytes: Uint8Array, digest: Digest): boolean {
  return digestOf(bytes, splitDigest(digest).algorithm) === digest;
}

/** What a registry reads of a manifest; nothing of what does not parse. */
export interface ReadManifest {
  mediaType: string | undefined;
  subject: Digest | undefined;
  artifactType: string | undefined;
  annotations: Record<string, unknown> | undefined;
  /** The digests of config and layers. */
  blobs: Digest[];
}

export function parseManifest(bytes: Uint8Array): ReadManifest {
  const document = record(parseJson(bytes));
  const config = record(document?.['config']);
  const layers = Array.isArray(document?.['layers']) ? document['layers'] : [];
  return {
    mediaType: text(document?.['mediaType']),
    subject: parseDigest(record(document?.['subject'])?.['digest']),
    artifactType: text(document?.['artifactType']) ?? text(config?.['mediaType']),
    annotations: record(document?.['annotations']),
    blobs: [config, ...layers.map(record)].flatMap((each) => parseDigest(each?.['digest']) ?? []),
  };
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

function record(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
