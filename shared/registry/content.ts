import { type Digest, parseDigest, splitDigest } from '../image/digest.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Elapsed } from '../net/deadline.ts';
import type { DoorResponse } from '../net/door.ts';
import { hashInSlices } from '../net/hash.ts';
import { inSlices } from '../net/slices.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import type { Client, Get } from './client.ts';
import { apiPath } from './endpoint.ts';
import type { LayerKind } from './layer-kind.ts';
import type { RegistryLimits } from './limits.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import type { ReadBody } from './read-manifest.ts';
import type { Allowance } from './registry.ts';

/** Bytes with the digest that was computed over them, and what they are. */
export interface ReadManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Reads manifests and blobs of a registry; whatever it returns has been checked against its digest. Throws Refusal. */
export interface Content {
  /** `undefined` if there is none (404). */
  manifestByTag(
    repository: Repository,
    tag: string,
    accept: string,
    allowance: Allowance,
  ): Promise<ReadManifest | undefined>;
  /** `size`: what a descriptor announces. `undefined` if there is none. */
  manifestByDigest(
    repository: Repository,
    digest: Digest,
    accept: string,
    allowance: Allowance,
    size?: number,
  ): Promise<ReadManifest | undefined>;
  /** The blob of a descriptor, of at most `maxBytes`. Refuses one that is announced as larger without a request. */
  blob(
    repository: Repository,
    digest: Digest,
    size: number,
    maxBytes: number,
    allowance: Allowance,
  ): Promise<Uint8Array>;
}

/** Bytes that are hashed in one slice: a few milliseconds. */
const hashedAtOnce = 4 * 1024 * 1024;

/** `declined`: what a status is that is neither 200 nor 404, nor a failure of the registry's service. */
export function createContent(
  client: Client,
  limits: RegistryLimits,
  kinds: readonly LayerKind[],
  readBody: ReadBody,
  elapsed: Elapsed,
  declined: (status: number, what: string) => Refusal,
): Content {
  const kept = { kinds, limits };

  /** Whether there is what was asked for. */
  function found(response: DoorResponse, what: string): boolean {
    if (response.status === 200) return true;
    response.discard();
    if (response.status === 404) return false;
    throw declined(response.status, what);
  }

  return {
    async manifestByTag(repository, tag, accept, allowance) {
      const what = `the manifest of ${repositoryName(repository)}:${tag}`;
      const response = await client.get(repository, apiPath(repository, `manifests/${encodeURIComponent(tag)}`), {
        accept,
        what,
        spending: allowance,
      });
      if (!found(response, what)) return undefined;
      // The header is the registry's word for what it meant to send. It is never the digest that is used (CVE-2023-47630).
      const announced = response.header('docker-content-digest');
      return readBody(response, limits.manifest, what, allowance, function* (bytes) {
        if (announced !== undefined && !(yield* isDigestOf(announced, bytes)))
          throw unlike(what, 'the digest in its header');
        const digest = yield* digestInSlices('sha256', bytes);
        const manifest = yield* parseManifest(bytes, response.header('content-type'), what, kept);
        return { digest, bytes, manifest };
      });
    },

    async manifestByDigest(repository, digest, accept, allowance, size) {
      const what = `the manifest ${repositoryName(repository)}@${digest}`;
      if (size !== undefined && size > limits.manifest) throw tooLarge(what, limits.manifest);
      const get: Get = { accept, what, spending: allowance, large: isLarge(size) };
      const response = await client.get(repository, apiPath(repository, `manifests/${digest}`), get);
      if (!found(response, what)) return undefined;
      return readBody(exactly(response, size, what), limits.manifest, what, allowance, function* (bytes) {
        if (!(yield* isDigestOf(digest, bytes))) throw unlike(what, 'its digest');
        const manifest = yield* parseManifest(bytes, response.header('content-type'), what, kept);
        return { digest, bytes, manifest };
      });
    },

    async blob(repository, digest, size, maxBytes, allowance) {
      const what = `the blob ${repositoryName(repository)}@${digest}`;
      if (size > maxBytes) throw tooLarge(what, maxBytes);
      const get: Get = { accept: '*/*', what, spending: allowance, large: isLarge(size) };
      const response = await client.get(repository, apiPath(repository, `blobs/${digest}`), get);
      if (!found(response, what)) throw new Refusal('content-missing', `the registry does not have ${what}`);
      const bytes = await exactly(response, size, what).read(maxBytes);
      const computed = await inSlices(digestInSlices(splitDigest(digest).algorithm, bytes), {
        ...allowance,
        elapsed,
        what: `${what} was compared with its digest`,
      });
      if (computed !== digest) throw unlike(what, 'its digest');
      return bytes;
    },
  };
}

/** Beyond what signatures and the manifests that hold them have. What is announced as less is read no further. */
function isLarge(size: number | undefined): boolean {
  return size !== undefined && size > 64 * 1024;
}

/** Reads a body that a descriptor gives a size for: one byte more is not read, whatever the bound. */
function exactly(response: DoorResponse, size: number | undefined, what: string): Pick<DoorResponse, 'read'> {
  if (size === undefined) return response;
  return {
    async read(_, room) {
      let bytes: Uint8Array;
      try {
        bytes = await response.read(size, room);
      } catch (thrown) {
        if (thrown instanceof Refusal && thrown.reason === 'too-large')
          throw unlike(what, 'the size in its descriptor');
        throw thrown;
      }
      if (bytes.byteLength !== size) throw unlike(what, 'the size in its descriptor');
      return bytes;
    },
  };
}

function* isDigestOf(text: string, bytes: Uint8Array): Slices<boolean> {
  const digest = parseDigest(text);
  return digest !== undefined && (yield* digestInSlices(splitDigest(digest).algorithm, bytes)) === digest;
}

/** A blob has megabytes, and blobs of many reviews may end at the same moment. */
function* digestInSlices(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Slices<Digest> {
  const hash = yield* hashInSlices(algorithm, bytes, hashedAtOnce);
  return `${algorithm}:${hash.toString('hex')}` as Digest;
}

function unlike(what: string, which: string): Refusal {
  return new Refusal('digest-mismatch', `${what} is unlike ${which}`);
}

function tooLarge(what: string, bound: number): Refusal {
  return new Refusal('too-large', `${what} is over the bound of ${bound} bytes`);
}
