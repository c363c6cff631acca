import { parseDigest } from '../../shared/image/digest.ts';
import type { SeenRequest } from './requests.ts';
import { failure, json, type RegistryResponse, respondWith } from './response.ts';
import { hasDigest, type ImageStore, mediaTypes, parseJson, parseManifest, type StoredManifest } from './store.ts';

/** How the registry answers; may be changed while it runs. */
export interface Behaviour {
  /**
   * `off`: 404, so that clients use the fallback tag. `empty`: a list of nothing whatever is attached, as ghcr.io
   * answers.
   */
  referrers: 'on' | 'off' | 'empty';
  /**
   * `bare`: the artifact type is that of the config and annotations are left out, as go-containerregistry and ghcr.io
   * list them.
   */
  referrerDescriptors: 'full' | 'bare';
  /** Entries of tags/list and referrers in one page. */
  pageSize: number | undefined;
}

const tagPattern = /^\w[\w.-]{0,127}$/;
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/**
 * The end-points of the OCI distribution-spec 1.1 on manifests, blobs, tags and referrers. Blob uploads are in
 * uploads.ts.
 */
export function respond(store: ImageStore, behaviour: Behaviour, request: SeenRequest, body: Buffer): RegistryResponse {
  const { kind, name = '', reference = '' } = request;
  if (kind === 'ping') return json(200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
  if (kind === 'other') return failure(404, 'UNSUPPORTED', 'no such end-point');
  if (!namePattern.test(name)) return failure(400, 'NAME_INVALID', 'no repository has such a name');
  switch (kind) {
    case 'manifest':
      return manifest(store, behaviour, request, name, reference, body);
    case 'blob':
      return blob(store, request.method, name, reference);
    case 'tags':
      return tags(store, behaviour, request, name);
    case 'referrers':
      return referrers(store, behaviour, request, name, reference);
    default:
      return failure(404, 'UNSUPPORTED', 'no such end-point');
  }
}

function manifest(
  store: ImageStore,
  behaviour: Behaviour,
  request: SeenRequest,
  name: string,
  reference: string,
  body: Buffer,
): RegistryResponse {
  if (request.method === 'PUT') return putManifest(store, behaviour, request, name, reference, body);
  const found = store.manifest(name, reference);
  if (found === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'no such manifest');
  if (request.method === 'DELETE') {
    if (parseDigest(reference) === undefined) store.untag(name, reference);
    else store.deleteManifest(name, found.digest);
    return respondWith(202);
  }
  if (!reads(request.method)) return failure(405, 'UNSUPPORTED', 'no such method on a manifest');
  return respondWith(200, { 'content-type': found.mediaType, 'docker-content-digest': found.digest }, found.bytes);
}

function putManifest(
  store: ImageStore,
  behaviour: Behaviour,
  request: SeenRequest,
  name: string,
  reference: string,
  body: Buffer,
): RegistryResponse {
  const wanted = parseDigest(reference);
  if (wanted !== undefined ? !hasDigest(body, wanted) : !tagPattern.test(reference)) {
    return wanted === undefined
      ? failure(400, 'TAG_INVALID', 'neither a tag nor a digest')
      : failure(400, 'DIGEST_INVALID', 'the digest is not that of the bytes');
  }
  if (parseJson(body) === undefined) return failure(400, 'MANIFEST_INVALID', 'the manifest is not JSON');
  const { mediaType: own, subject, blobs } = parseManifest(body);
  const mediaType = request.headers['content-type'] ?? own;
  if (mediaType === undefined || (own !== undefined && own !== mediaType)) {
    return failure(400, 'MANIFEST_INVALID', 'Content-Type and mediaType differ, or neither is there');
  }
  const missing = blobs.find((digest) => store.blob(name, digest) === undefined);
  if (missing !== undefined) return failure(400, 'MANIFEST_BLOB_UNKNOWN', `no such blob: ${missing}`);
  const digest = store.putManifest(name, body, {
    mediaType,
    ...(wanted === undefined ? { tag: reference } : { digest: wanted }),
  });
  return respondWith(201, {
    location: `/v2/${name}/manifests/${digest}`,
    'docker-content-digest': digest,
    // A registry that says this keeps the list of referrers itself (distribution-spec 1.1, "Pushing Manifests with Subject").
    ...(subject !== undefined && behaviour.referrers === 'on' ? { 'oci-subject': subject } : {}),
  });
}

function blob(store: ImageStore, method: string, name: string, reference: string): RegistryResponse {
  const digest = parseDigest(reference);
  if (digest === undefined) return failure(400, 'DIGEST_INVALID', 'not a digest');
  const bytes = store.blob(name, digest);
  if (bytes === undefined) return failure(404, 'BLOB_UNKNOWN', 'no such blob');
  if (method === 'DELETE') {
    store.deleteBlob(name, digest);
    return respondWith(202);
  }
  if (!reads(method)) return failure(405, 'UNSUPPORTED', 'no such method on a blob');
  return respondWith(200, { 'content-type': 'application/octet-stream', 'docker-content-digest': digest }, bytes);
}

function tags(store: ImageStore, behaviour: Behaviour, request: SeenRequest, name: string): RegistryResponse {
  if (!store.has(name)) return failure(404, 'NAME_UNKNOWN', 'no such repository');
  const { page, link } = paged(store.tags(name), (tag) => tag, request, behaviour.pageSize);
  return json(200, { name, tags: page }, link);
}

function referrers(
  store: ImageStore,
  behaviour: Behaviour,
  request: SeenRequest,
  name: string,
  reference: string,
): RegistryResponse {
  if (behaviour.referrers === 'off') return respondWith(404, { 'content-type': 'text/plain' }, '404 page not found\n');
  const digest = parseDigest(reference);
  if (digest === undefined) return failure(400, 'DIGEST_INVALID', 'not a digest');
  const all = behaviour.referrers === 'empty' ? [] : store.referrers(name, digest);
  const { page, link } = paged(all, (each) => each.digest, request, behaviour.pageSize);
  const manifests = page.map((each) => descriptor(each, behaviour.referrerDescriptors));
  return json(
    200,
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    { 'content-type': mediaTypes.index, ...link },
  );
}

function descriptor({ mediaType, bytes, digest }: StoredManifest, form: Behaviour['referrerDescriptors']): object {
  const { artifactType, annotations } = parseManifest(bytes);
  if (form === 'full') return { mediaType, size: bytes.length, digest, artifactType, annotations };
  return { mediaType, size: bytes.length, digest, artifactType: configType(bytes) };
}

function configType(bytes: Uint8Array): string | undefined {
  const document = parseJson(bytes);
  if (typeof document !== 'object' || document === null || !('config' in document)) return undefined;
  const { config } = document;
  if (typeof config !== 'object' || config === null || !('mediaType' in config)) return undefined;
  return typeof config.mediaType === 'string' ? config.mediaType : undefined;
}

/** The entries after `last`, at most `n` of them, and the Link to those which follow (RFC 8288). */
function paged<T>(
  all: readonly T[],
  key: (entry: T) => string,
  request: SeenRequest,
  pageSize: number | undefined,
): { page: readonly T[]; link: Record<string, string> } {
  const [path = '', query] = request.path.split('?', 2);
  const parameters = new URLSearchParams(query);
  const last = parameters.get('last');
  const rest = last === null ? all : all.slice(all.findIndex((entry) => key(entry) === last) + 1);
  const asked = parameters.has('n') ? Number(parameters.get('n')) : Number.POSITIVE_INFINITY;
  const size = Math.min(pageSize ?? Number.POSITIVE_INFINITY, asked > 0 ? asked : Number.POSITIVE_INFINITY);
  const page = rest.slice(0, size);
  const end = page.at(-1);
  if (page.length === rest.length || end === undefined) return { page, link: {} };
  parameters.set('last', key(end));
  return { page, link: { link: `<${path}?${parameters}>; rel="next"` } };
}

function reads(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}
