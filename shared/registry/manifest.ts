import { isJsonObject, type JsonObject } from '../admission/json.ts';
import { type Digest, parseDigest } from '../image/digest.ts';
import { parseJson } from '../net/json.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import { kindHolding, type LayerKind } from './layer-kind.ts';
import type { RegistryLimits } from './limits.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';

/** A map: media types are a registry's text, and an object has members that nobody wrote (`constructor`). */
const images: ReadonlyMap<string, 'manifest' | 'index'> = new Map([
  [ociManifest, 'manifest'],
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'manifest'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
]);

/** What is asked for as an image. Without it some registries convert to the schema 1 of long ago. */
export const acceptImages = [...images.keys()].join(', ');

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

/**
 * A manifest or index of OCI or Docker; `other` is any other media type, `schema1` Docker's from before 2016. Of what was parsed
 * nothing is kept but what is used: parsed JSON takes up to forty times its bytes, and many manifests are held at a time.
 */
export type Manifest = ImageManifest | ImageIndex | { readonly kind: 'schema1' | 'other'; readonly mediaType: string };

export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  /** The field, or if it says nothing the config's media type. */
  readonly artifactType: string | undefined;
  /** The field alone, */
  readonly ownType: string | undefined;
  /** and the config's media type. */
  readonly configType: string | undefined;
  readonly subject: Digest | undefined;
  /** Media type of the first of all layers. */
  readonly firstLayer: string | undefined;
  /** The annotation by which a manifest whose first layer is of this kind says what it is. */
  readonly hint: string | undefined;
  /** Of any media type. */
  readonly layerCount: number;
  /** The layer, where there is one alone, and its descriptor does not break the format; without annotations. */
  readonly onlyLayer: Descriptor | undefined;
  /** Layers that may be evidence, with the annotations that their kind keeps; of each kind one more than may be tried. */
  readonly layers: readonly Layer[];
}

/** A layer by its media type; its descriptor is `undefined` where it breaks the format, which is kept once for a media type. */
export interface Layer {
  readonly mediaType: string;
  readonly descriptor: Descriptor | undefined;
}

export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  /** Different digests, one more than referrers are read, without annotations; `undefined` once if some break the format. */
  readonly manifests: readonly (Descriptor | undefined)[];
}

/** A descriptor's fields that are used; `data` and `urls` are not (content comes from the registry, by its digest). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What of a manifest or index is kept: which layers, and how many of them and of an index's manifests. */
export interface Kept {
  readonly kinds: readonly LayerKind[];
  readonly limits: Pick<RegistryLimits, 'referrers' | 'signatures' | 'attestations'>;
}

/** An index of 1,600 images has as many. What makes an honest manifest large are long annotations. */
const maxValues = 10_000;

/**
 * What bytes are, whose digest has been checked: by the Content-Type without its parameters, or if that says nothing by the
 * body's `mediaType`, or if there is none by the body's shape. The two must agree, and a manifest must not be an index as
 * well, or two readers would see two images. A list that is null, as Go writes an empty one, or left out is empty. Refusals:
 * malformed-manifest, too-large (more values than any honest one). `what` names it for messages.
 */
export function* parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  what: string,
  { kinds, limits }: Kept,
): Slices<Manifest> {
  const malformed = (why: string) => new Refusal('malformed-manifest', `${what} ${why}`);
  const served = simplify(contentType);
  if (served !== undefined && !images.has(served)) {
    return { kind: isSchema1(served) ? 'schema1' : 'other', mediaType: served };
  }
  const parsed = yield* parseJson(bytes, { values: maxValues, depth: Number.POSITIVE_INFINITY });
  if ('problem' in parsed && parsed.problem === 'values')
    throw new Refusal('too-large', `${what} holds over ${maxValues} values`);
  if ('problem' in parsed || !isJsonObject(parsed.value)) throw malformed('is no JSON object');
  const fields = parsed.value;
  const own = fields['mediaType'];
  if (own !== undefined && typeof own !== 'string') throw malformed('has a mediaType that is no string');
  if (served !== undefined && own !== undefined && own !== '' && own !== served) {
    throw malformed(`says that it is of ${named(own)} and is served as of ${named(served)}`);
  }
  if (fields['schemaVersion'] === 1) return { kind: 'schema1', mediaType: own ?? '' };
  const mediaType = served ?? (own || sniff(fields));
  const kind = mediaType === undefined ? undefined : images.get(mediaType);
  if (mediaType === undefined || kind === undefined) return { kind: 'other', mediaType: mediaType ?? '' };
  if (fields['schemaVersion'] !== 2) throw malformed('has another schemaVersion than 2');
  const { config } = fields;
  const layers = fields['layers'] ?? undefined;
  const manifests = fields['manifests'] ?? undefined;
  if (kind === 'index') {
    if (manifests !== undefined && !Array.isArray(manifests))
      throw malformed('is an index whose manifests are no list');
    if (layers !== undefined || config !== undefined) throw malformed('is an index and has layers or a config');
    return { kind, mediaType, manifests: keepManifests(manifests ?? [], limits.referrers) };
  }
  if (!isJsonObject(config)) throw malformed('is a manifest without a config');
  if (layers !== undefined && !Array.isArray(layers)) throw malformed('is a manifest whose layers are no list');
  if (manifests !== undefined) throw malformed('is a manifest and has manifests');
  const { artifactType, subject, annotations } = fields;
  const [first]: readonly unknown[] = layers ?? [];
  const firstLayer = text(isJsonObject(first) ? first['mediaType'] : undefined);
  const { hint } = kindHolding(kinds, firstLayer ?? '') ?? {};
  const [ownType, configType] = [text(artifactType), text(config['mediaType'])];
  return {
    kind,
    mediaType,
    artifactType: ownType ?? configType,
    ownType,
    configType,
    subject: parseDigest(isJsonObject(subject) ? subject['digest'] : undefined),
    firstLayer,
    layerCount: layers?.length ?? 0,
    onlyLayer: layers?.length === 1 ? withoutAnnotations(parseDescriptor(first)) : undefined,
    hint: hint !== undefined && isJsonObject(annotations) ? text(annotations[hint]) : undefined,
    layers: keepLayers(layers ?? [], kinds, Math.max(limits.signatures, limits.attestations)),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function keepLayers(layers: readonly unknown[], kinds: readonly LayerKind[], most: number): Layer[] {
  const kept: Layer[] = [];
  const counts = new Map<LayerKind, number>();
  const malformed = new Set<string>();
  for (const [index, value] of layers.entries()) {
    const mediaType = text(isJsonObject(value) ? value['mediaType'] : undefined);
    const kind = mediaType === undefined ? undefined : kindHolding(kinds, mediaType);
    if (mediaType === undefined || kind === undefined || (kind.layers === 'first' && index > 0)) continue;
    const count = counts.get(kind) ?? 0;
    if (count > most) continue;
    const descriptor = parseDescriptor(value);
    if (descriptor !== undefined) counts.set(kind, count + 1);
    else if (malformed.has(mediaType)) continue;
    else malformed.add(mediaType);
    kept.push({ mediaType, descriptor: descriptor && withAnnotationsOf(kind, descriptor) });
  }
  return kept;
}

function withAnnotationsOf(kind: LayerKind, descriptor: Descriptor): Descriptor {
  const kept = Object.entries(descriptor.annotations).filter(([name]) => kind.keepsAnnotation(name));
  return { ...descriptor, annotations: Object.fromEntries(kept) };
}

function withoutAnnotations(descriptor: Descriptor | undefined): Descriptor | undefined {
  return descriptor && { ...descriptor, annotations: {} };
}

function keepManifests(manifests: readonly unknown[], most: number): (Descriptor | undefined)[] {
  const kept = new Map<Digest | undefined, Descriptor | undefined>();
  for (const value of manifests) {
    const descriptor = parseDescriptor(value);
    if (kept.has(descriptor?.digest)) continue;
    kept.set(descriptor?.digest, withoutAnnotations(descriptor));
    if (kept.size - Number(kept.has(undefined)) > most) break;
  }
  return [...kept.values()];
}

/** A descriptor of the OCI image-spec, or `undefined` if it breaks the format: then nothing of it is used. */
export function parseDescriptor(value: unknown): Descriptor | undefined {
  if (!isJsonObject(value)) return undefined;
  const { mediaType, size } = value;
  const digest = parseDigest(value['digest']);
  if (digest === undefined || typeof mediaType !== 'string') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  const annotations = value['annotations'] ?? {};
  return isAnnotations(annotations) ? { mediaType, digest, size, annotations } : undefined;
}

/**
 * What the referrers API answered with 200, which has no digest: the index's descriptors; `absent` if the Content-Type says
 * that it is something else, or says nothing and the body is something else (a registry that does not know the API).
 * Throws Refusal as `parseManifest` does if it is served as an index and is none.
 */
export function* parseReferrers(
  bytes: Uint8Array,
  contentType: string | undefined,
  what: string,
  limits: Kept['limits'],
): Slices<ImageIndex['manifests'] | 'absent'> {
  const served = simplify(contentType);
  if (served !== undefined && images.get(served) !== 'index') return 'absent';
  try {
    const parsed = yield* parseManifest(bytes, contentType, what, { kinds: [], limits });
    if (parsed.kind === 'index') return parsed.manifests;
  } catch (thrown) {
    const nothing = served === undefined && thrown instanceof Refusal && thrown.reason === 'malformed-manifest';
    if (!nothing) throw thrown;
  }
  if (served === undefined) return 'absent';
  throw new Refusal('malformed-manifest', `${what} is served as an index and is none`);
}

/** A Content-Type without parameters, in lower case; `undefined` if it says nothing. */
function simplify(contentType: string | undefined): string | undefined {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return unspecific.has(type) ? undefined : type;
}

function sniff(fields: JsonObject): string | undefined {
  if (fields['schemaVersion'] !== 2) return undefined;
  const { layers, manifests } = fields;
  if (Array.isArray(manifests)) return acceptIndex;
  if (Array.isArray(layers)) return ociManifest;
  if (manifests === null) return acceptIndex;
  return layers === null ? ociManifest : undefined;
}

function isSchema1(mediaType: string): boolean {
  return mediaType.startsWith('application/vnd.docker.distribution.manifest.v1+');
}

function isAnnotations(value: unknown): value is Readonly<Record<string, string>> {
  return isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

/** RFC 6838 §4.2, `type/subtype` with its restricted names. */
const mediaTypeGrammar = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;

/** A media type as a registry gives it, in the words of messages: no other text of a registry's is repeated to users. */
export function named(mediaType: string): string {
  return mediaTypeGrammar.test(mediaType)
    ? `the media type "${mediaType.slice(0, 100)}"`
    : 'no media type that can be told';
}
