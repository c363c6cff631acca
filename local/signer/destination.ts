import type { Digest } from '../../shared/image/digest.ts';
import type { ImageStore } from '../registry/store.ts';

export interface StoredManifest {
  digest: Digest;
  mediaType: string;
  bytes: Uint8Array;
}

/** Where images and signatures go: a registry over HTTP, or the embedded one's store without a request. */
export interface Destination {
  /** As image references write it, with the port. */
  readonly host: string;
  putBlob(name: string, bytes: Uint8Array): Promise<Digest>;
  /** Stores a manifest under its digest, and under the tag if there is one. */
  putManifest(name: string, manifest: object, tag?: string): Promise<Digest>;
  manifest(name: string, reference: string): Promise<StoredManifest | undefined>;
  blob(name: string, digest: Digest): Promise<Uint8Array | undefined>;
  /** The digests that the referrers API lists; none where there is no such API. */
  referrers(name: string, subject: Digest): Promise<Digest[]>;
}

/** The embedded registry, written to without any request: nothing in its log, no fault in the way. */
export function storeDestination(registry: {
  readonly host: string;
  readonly store: ImageStore;
  readonly settings: { readonly referrers: string };
}): Destination {
  const { host, store, settings } = registry;
  return {
    host,
    putBlob: async (name, bytes) => store.putBlob(name, bytes),
    putManifest: async (name, manifest, tag) => store.putManifest(name, manifest, tag === undefined ? {} : { tag }),
    manifest: async (name, reference) => store.manifest(name, reference),
    blob: async (name, digest) => store.blob(name, digest),
    referrers: async (name, subject) =>
      settings.referrers === 'on' ? store.referrers(name, subject).map(({ digest }) => digest) : [],
  };
}
