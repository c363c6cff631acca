import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Digest } from '../../image/digest.ts';

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  payload: 'application/vnd.dev.cosign.simplesigning.v1+json',
  bundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  envelope: 'application/vnd.dsse.envelope.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
};

export interface Stored {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

/** What a test's registry holds, for any repository name, and how it answers. Nothing is checked: tests put lies in. */
export interface Store {
  readonly manifests: Map<string, { readonly type: string | undefined; readonly body: Buffer }>;
  readonly blobs: Map<string, Buffer>;
  /** By subject; a descriptor may be anything. */
  readonly referrers: Map<string, unknown[]>;
  /** `on`: the API; `off`: 404; `empty`: 200 with an empty index, whatever there is. */
  referrersApi: 'on' | 'off' | 'empty';
  /** Answers first; `false` leaves it to the store. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly listener: RequestListener;
  /** Keeps a manifest under its digest and, if given, a tag. */
  manifest(body: unknown, tag?: string, type?: string): Stored;
  blob(body: string | Buffer, mediaType?: string): Stored;
  /** An image, different for each `name`. */
  image(name: string, tag?: string): Stored;
  /** A cosign signature of an image under its `.sig` tag: one layer for each payload. */
  signatureTag(subject: Stored, payloads: readonly string[]): Stored;
  /** What cosign keeps under an image's `.att` tag: a layer for each envelope, of the predicate type that it is named by. */
  attestationTag(subject: Stored, envelopes: readonly (readonly [predicateType: string, body: string])[]): Stored;
  /** A referrer of an image with these layers, listed by the API. */
  referrer(subject: Stored, layers: readonly unknown[], more?: Record<string, unknown>): Stored;
  /** Writes the fallback tag for an image from what the API lists. */
  fallbackTag(subject: Stored): void;
}

export function createStore(): Store {
  const store: Store = {
    manifests: new Map(),
    blobs: new Map(),
    referrers: new Map(),
    referrersApi: 'on',
    intercept: () => false,
    listener(request, response) {
      if (!store.intercept(request, response)) answer(store, request, response);
    },
    manifest(body, tag, type = types.manifest) {
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const digest = sha256(bytes);
      store.manifests.set(digest, { type, body: bytes });
      if (tag !== undefined) store.manifests.set(tag, { type, body: bytes });
      return { digest, size: bytes.length, mediaType: type };
    },
    blob(body, mediaType = types.payload) {
      const bytes = Buffer.from(body);
      const digest = sha256(bytes);
      store.blobs.set(digest, bytes);
      return { digest, size: bytes.length, mediaType };
    },
    image(name, tag) {
      const config = {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: sha256(Buffer.from(name)),
        size: 1,
      };
      return store.manifest({ schemaVersion: 2, mediaType: types.manifest, config, layers: [] }, tag);
    },
    signatureTag(subject, payloads) {
      const layers = payloads.map((payload, index) => ({
        ...store.blob(payload),
        annotations: { 'dev.cosignproject.cosign/signature': `signature ${index}` },
      }));
      const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: subject.digest, size: 1 };
      return store.manifest({ schemaVersion: 2, config, layers }, `${subject.digest.replace(':', '-')}.sig`);
    },
    attestationTag(subject, envelopes) {
      const layers = envelopes.map(([predicateType, body]) => ({
        ...store.blob(body, types.envelope),
        annotations: { 'dev.cosignproject.cosign/signature': '', predicateType, other: 'left out' },
      }));
      const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: subject.digest, size: 1 };
      return store.manifest({ schemaVersion: 2, config, layers }, `${subject.digest.replace(':', '-')}.att`);
    },
    referrer(subject, layers, more = {}) {
      const config = { mediaType: types.empty, digest: sha256(Buffer.from('{}')), size: 2 };
      const body = { schemaVersion: 2, mediaType: types.manifest, config, layers, subject, ...more };
      const stored = store.manifest(body);
      const list = store.referrers.get(subject.digest) ?? [];
      store.referrers.set(subject.digest, [...list, stored]);
      return stored;
    },
    fallbackTag(subject) {
      const manifests = store.referrers.get(subject.digest) ?? [];
      const body = { schemaVersion: 2, mediaType: types.index, manifests };
      store.manifest(body, subject.digest.replace(':', '-'), types.index);
    },
  };
  return store;
}

function answer(store: Store, request: IncomingMessage, response: ServerResponse): void {
  const [, kind, reference = ''] = /\/(manifests|blobs|referrers)\/([^/?]+)(?:\?|$)/.exec(request.url ?? '') ?? [];
  const name = decodeURIComponent(reference);
  const manifest = store.manifests.get(name);
  const blob = store.blobs.get(name);
  if (kind === 'manifests' && manifest !== undefined) {
    if (manifest.type !== undefined) response.setHeader('content-type', manifest.type);
    response.setHeader('docker-content-digest', sha256(manifest.body)).end(manifest.body);
  } else if (kind === 'blobs' && blob !== undefined) {
    response.setHeader('content-type', 'application/octet-stream').end(blob);
  } else if (kind === 'referrers' && store.referrersApi !== 'off') {
    const manifests = store.referrersApi === 'empty' ? [] : (store.referrers.get(name) ?? []);
    const body = JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests });
    response.setHeader('content-type', types.index).end(body);
  } else {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"NOT_FOUND"}]}');
  }
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}
