import { type Digest, parseDigest } from '../image/digest.ts';
import { Refusal } from '../reasons.ts';

const images: Readonly<Record<string, 'manifest' | 'index'>> = {
  'application/vnd.oci.image.manifest.v1+json': 'manifest',
  'application/vnd.oci.image.index.v1+json': 'index',
  'application/vnd.docker.distribution.manifest.v2+json': 'manifest',
  'application/vnd.docker.distribution.manifest.list.v2+json': 'index',
};

/** What is asked for as an image. Without it some registries convert to the schema 1 of long ago. */
export const acceptImages = Object.keys(images).join(', ');

/** Referrers may be artifact manifests of drafts of OCI 1.1: never evidence here, but they are there. */
export const acceptReferrers = [
  acceptImages,
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
].join(', ');

export const acceptIndex = 'application/vnd.oci.image.index.v1+json';

/** Content types that say no more than "bytes" or "JSON": registries and proxies send them for anything. */
const unspecific: ReadonlySet<string> = new Set([
  '',
  'application/json',
  'text/json',
  'text/plain',
  'application/octet-stream',
  'binary/octet-stream',
]);

/** A manifest or index of OCI or Docker; `other` is any other media type, `schema1` Docker's from before 2016. */
export type Manifest =
  | {
      readonly kind: 'manifest';
      readonly mediaType: string;
      readonly fields: Fields;
      readonly layers: readonly unknown[];
    }
  | {
      readonly kind: 'index';
      readonly mediaType: string;
      readonly fields: Fields;
      readonly manifests: readonly unknown[];
    }
  | { readonly kind: 'schema1' | 'other'; readonly mediaType: string };

export type Fields = Readonly<Record<string, unknown>>;

/** A descriptor's fields that are used; `data` and `urls` are not (content comes from the registry, by its digest). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * What bytes are, whose digest has been checked: by the Content-Type without its parameters, or if that says nothing by the
 * body's `mediaType`, or if there is none by the body's shape. The two must agree, and a manifest must not be an index as
 * well, or two readers would see two images. Throws Refusal `malformed-manifest`. `what` names it for messages.
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined, what: string): Manifest {
  const malformed = (why: string) => new Refusal('malformed-manifest', `${what} ${why}`);
  const served = simplify(contentType);
  if (served !== undefined && images[served] === undefined) {
    return { kind: isSchema1(served) ? 'schema1' : 'other', mediaType: served };
  }
  const fields = parseJsonObject(bytes);
  if (fields === undefined) throw malformed('is no JSON object');
  const own = fields['mediaType'];
  if (own !== undefined && typeof own !== 'string') throw malformed('has a mediaType that is no string');
  if (served !== undefined && own !== undefined && own !== '' && own !== served) {
    throw malformed(`says that it is of ${named(own)} and is served as of ${named(served)}`);
  }
  if (fields['schemaVersion'] === 1) return { kind: 'schema1', mediaType: own ?? '' };
  const mediaType = served ?? (own || sniff(fields));
  const kind = mediaType === undefined ? undefined : images[mediaType];
  if (mediaType === undefined || kind === undefined) return { kind: 'other', mediaType: mediaType ?? '' };
  if (fields['schemaVersion'] !== 2) throw malformed('has another schemaVersion than 2');
  const { layers, manifests, config } = fields;
  if (kind === 'index') {
    if (!Array.isArray(manifests)) throw malformed('is an index without manifests');
    if (layers !== undefined || config !== undefined) throw malformed('is an index and has layers or a config');
    return { kind, mediaType, fields, manifests };
  }
  if (!Array.isArray(layers) || !isFields(config)) throw malformed('is a manifest without a config or layers');
  if (manifests !== undefined) throw malformed('is a manifest and has manifests');
  return { kind, mediaType, fields, layers };
}

/** A descriptor of the OCI image-spec, or `undefined` if it breaks the format: then nothing of it is used. */
export function parseDescriptor(value: unknown): Descriptor | undefined {
  if (!isFields(value)) return undefined;
  const { mediaType, size } = value;
  const digest = parseDigest(value['digest']);
  if (digest === undefined || typeof mediaType !== 'string') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  const annotations = value['annotations'] ?? {};
  return isAnnotations(annotations) ? { mediaType, digest, size, annotations } : undefined;
}

/**
 * What the referrers API answered with 200, which has no digest: the index's descriptors; `absent` if the Content-Type says
 * that it is something else, or says nothing and the body is something else (a registry that does not know the API);
 * `broken` if it is served as an index and is none.
 */
export function parseReferrers(
  bytes: Uint8Array,
  contentType: string | undefined,
): readonly unknown[] | 'absent' | 'broken' {
  const served = simplify(contentType);
  if (served !== undefined && images[served] !== 'index') return 'absent';
  try {
    const parsed = parseManifest(bytes, contentType, 'the list');
    if (parsed.kind === 'index') return parsed.manifests;
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
  }
  return served === undefined ? 'absent' : 'broken';
}

/** A Content-Type without parameters, in lower case; `undefined` if it says nothing. */
function simplify(contentType: string | undefined): string | undefined {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return unspecific.has(type) ? undefined : type;
}

function sniff(fields: Fields): string | undefined {
  if (fields['schemaVersion'] !== 2) return undefined;
  if (Array.isArray(fields['manifests'])) return 'application/vnd.oci.image.index.v1+json';
  return Array.isArray(fields['layers']) ? 'application/vnd.oci.image.manifest.v1+json' : undefined;
}

function isSchema1(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+');
}

function parseJsonObject(bytes: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAnnotations(value: unknown): value is Readonly<Record<string, string>> {
  return isFields(value) && Object.values(value).every((text) => typeof text === 'string');
}

/** RFC 6838 §4.2, `type/subtype` with its restricted names. */
const mediaTypeGrammar = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;

/** A media type as a registry gives it, in the words of messages: no other text of a registry's is repeated to users. */
export function named(mediaType: string): string {
  return mediaTypeGrammar.test(mediaType)
    ? `the media type "${mediaType.slice(0, 100)}"`
    : 'no media type that can be told';
}
