import { randomUUID } from 'node:crypto';
import { parseDigest } from '../../shared/image/digest.ts';
import type { SeenRequest } from './requests.ts';
import { failure, type RegistryResponse, respondWith } from './response.ts';
import { hasDigest, type ImageStore } from './store.ts';

/** Bytes that one blob may have. */
const maxBlob = 64 * 1024 * 1024;
/** Open uploads; the oldest is dropped for one more. */
const maxOpen = 100;

/**
 * Pushing blobs (distribution-spec 1.1): in one POST, in POST and PUT, or in PATCHes between the two. A mount is
 * answered with an upload to be made, which the specification allows a registry that does not mount.
 */
export class Uploads {
  readonly #open = new Map<string, Buffer>();
  readonly #store: ImageStore;

  constructor(store: ImageStore) {
    this.#store = store;
  }

  answer(request: SeenRequest, body: Buffer): RegistryResponse {
    const { name = '', reference: session } = request;
    const query = new URLSearchParams(request.path.split('?')[1]);
    if (session === undefined) {
      if (request.method !== 'POST') return failure(405, 'UNSUPPORTED', 'uploads begin with POST');
      if (query.has('digest')) return this.#finish(name, query, body);
      return this.#continue(name, this.#begin(), 0);
    }
    const held = this.#open.get(session);
    if (held === undefined) return failure(404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload');
    switch (request.method) {
      case 'GET':
        return this.#progress(204, name, session, held.length);
      case 'DELETE':
        this.#open.delete(session);
        return respondWith(204);
      case 'PATCH': {
        const start = /^(?:bytes )?(\d+)-/.exec(String(request.headers['content-range'] ?? ''))?.[1];
        if (start !== undefined && Number(start) !== held.length) {
          return failure(416, 'BLOB_UPLOAD_INVALID', 'a chunk out of order', { range: range(held.length) });
        }
        if (held.length + body.length > maxBlob) return failure(413, 'SIZE_INVALID', 'the blob is too large');
        this.#open.set(session, Buffer.concat([held, body]));
        return this.#continue(name, session, held.length + body.length);
      }
      case 'PUT': {
        const finished = this.#finish(name, query, Buffer.concat([held, body]));
        if (finished.status === 201) this.#open.delete(session);
        return finished;
      }
      default:
        return failure(405, 'UNSUPPORTED', 'no such method on an upload');
    }
  }

  #begin(): string {
    const session = randomUUID();
    const [oldest] = this.#open.keys();
    if (this.#open.size >= maxOpen && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(session, Buffer.alloc(0));
    return session;
  }

  #continue(name: string, session: string, size: number): RegistryResponse {
    return this.#progress(202, name, session, size);
  }

  #progress(status: number, name: string, session: string, size: number): RegistryResponse {
    return respondWith(status, {
      location: `/v2/${name}/blobs/uploads/${session}`,
      range: range(size),
      'docker-upload-uuid': session,
    });
  }

  #finish(name: string, query: URLSearchParams, bytes: Buffer): RegistryResponse {
    const digest = parseDigest(query.get('digest'));
    if (digest === undefined || !hasDigest(bytes, digest)) {
      return failure(400, 'DIGEST_INVALID', 'the digest is not that of the bytes');
    }
    if (bytes.length > maxBlob) return failure(413, 'SIZE_INVALID', 'the blob is too large');
    this.#store.putBlob(name, bytes, digest);
    return respondWith(201, { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest });
  }
}

/** The bytes held, as the distribution-spec writes them: both ends are included, and nothing is `0-0`. */
function range(size: number): string {
  return `0-${Math.max(0, size - 1)}`;
}
