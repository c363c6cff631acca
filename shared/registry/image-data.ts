import { isJsonObject, type JsonObject } from '../admission/json.ts';
import { dockerHub } from '../image/host.ts';
import type { ImageReference } from '../image/reference.ts';
import { type Repository, repositoryName } from '../image/repository.ts';
import type { Elapsed } from '../net/deadline.ts';
import { parseJson, problemText } from '../net/json.ts';
import { inSlices } from '../net/slices.ts';
import { Refusal } from '../reasons.ts';
import type { Slices } from '../slices.ts';
import { type Descriptor, parseDescriptor } from './manifest.ts';
import type { Allowance, HeldImage, Registry } from './registry.ts';

/** What an image is made of, as JSON within bounds. Fields are an object's own alone; it is shared, and only read. */
export interface ImageContent {
  /** The index that the image was named by; `null`: it was named by its manifest. */
  readonly manifestList: JsonObject | null;
  readonly manifest: JsonObject;
  /** Any JSON: who pushed the image chose it. */
  readonly configData: unknown;
  /** How many values all of it holds, and of how many bytes it was parsed: it stays in memory for as long as the review. */
  readonly values: number;
  readonly bytes: number;
}

/** Whatever walks the parsed values may recurse. A config has some hundreds of values. */
const bounds = { values: 10_000, depth: 64, fields: 10_000 };
const nothing = new Uint8Array();
/** Bytes of an image's manifests: honest ones have some KB. What is parsed of them is held while its config is fetched. */
export const mostContentBytes = 1024 * 1024;
/** An index may list an index. Each of them is a request more. */
const mostIndexes = 3;
/** The name by which go-containerregistry, and so Kyverno, knows Docker Hub. */
const hubOfKyverno = 'index.docker.io';

/**
 * Reads what an image is made of that has been fetched already: its config, and of an index the manifest for linux/amd64, which is the one
 * that Kyverno reads whatever the nodes are (go-containerregistry's default). One request for a manifest, two for an index, and
 * one more where its bytes have not been kept. Throws Refusal: image-not-found (no such platform), malformed-manifest, and those of
 * `Registry.image`, `listed` and `config`.
 */
export async function readImageContent(
  registry: Registry,
  repository: Repository,
  image: Pick<HeldImage, 'digest' | 'bytes'>,
  allowance: Allowance,
  elapsed: Elapsed,
): Promise<ImageContent> {
  const taken = { values: 0, bytes: 0 };
  const count = (values: number) => {
    taken.values += values;
  };
  const parse = (bytes: Uint8Array, what: string) => {
    taken.bytes += bytes.length;
    return inSlices(parsed(bytes, what, count), { ...allowance, elapsed, what: `${what} was read` });
  };
  let manifestList: JsonObject | null = null;
  let { digest } = image;
  let read = image.bytes ?? (await registry.image(repository, digest, allowance)).bytes;
  for (let indexes = 0; ; indexes++) {
    const name = `${repositoryName(repository)}@${digest}`;
    const manifest = await parse(read, `the manifest ${name}`);
    if (taken.bytes > mostContentBytes) {
      throw new Refusal('review-too-large', `the manifests of ${name} are over ${mostContentBytes} bytes`);
    }
    // Not held while the next is fetched.
    read = nothing;
    if (!isJsonObject(manifest)) throw new Refusal('malformed-manifest', `the manifest ${name} is no JSON object`);
    // The registry has been asked for a manifest, which has a config, or an index, which has none.
    if (isJsonObject(manifest['config'])) {
      const config = parseDescriptor(manifest['config']);
      if (config === undefined)
        throw new Refusal(
          'malformed-manifest',
          `the manifest ${name} names its config in a way that breaks the format`,
        );
      const bytes = await registry.config(repository, config, allowance);
      const configData = await parse(bytes, `the config of ${name}`);
      return { manifestList, manifest, configData, ...taken };
    }
    if (indexes === mostIndexes) break;
    manifestList ??= manifest;
    ({ digest, bytes: read } = await registry.listed(repository, forLinuxOnAmd64(manifest, name), allowance));
  }
  const name = `${repositoryName(repository)}@${image.digest}`;
  throw new Refusal('malformed-manifest', `${name} is an index of indexes, over ${mostIndexes} deep`);
}

/**
 * What a policy may ask of an image at its registry: Kyverno's object, field by field (pkg/engine/adapters/rclient.go). `text`: the reference
 * as it was written; `digest`: of what it names, an index where it is one. Registry and repository are canonical, with Kyverno's name for
 * Docker Hub: under another name of it Kyverno repeats that one.
 */
export function imageData(
  text: string,
  reference: ImageReference,
  { digest }: Pick<HeldImage, 'digest' | 'bytes'>,
  { manifestList, manifest, configData }: ImageContent,
): JsonObject {
  const { path } = reference.repository;
  const registry = reference.repository.registry === dockerHub ? hubOfKyverno : reference.repository.registry;
  return {
    image: text,
    resolvedImage: `${registry}/${path}@${digest}`,
    registry,
    repository: path,
    identifier: identifierOf(text, reference),
    manifestList,
    manifest,
    configData,
  };
}

/** The tag, or the digest with what is before it from its last colon on: a tag as a rule, and where there is none the port and the path. */
function identifierOf(text: string, { tag = 'latest', digest }: ImageReference): string {
  if (digest === undefined) return tag;
  const named = text.slice(0, text.indexOf('@'));
  const colon = named.lastIndexOf(':');
  return colon === -1 ? digest : `${named.slice(colon + 1)}@${digest}`;
}

/** The first image of an index for linux/amd64, which one without a platform is for as well. One that breaks the format spoils the index. */
function forLinuxOnAmd64(index: JsonObject, name: string): Descriptor {
  const manifests = index['manifests'] ?? [];
  let chosen: Descriptor | undefined;
  for (const listed of Array.isArray(manifests) ? manifests : []) {
    const descriptor = parseDescriptor(listed);
    const platform = isJsonObject(listed) ? (listed['platform'] ?? undefined) : undefined;
    if (descriptor === undefined || (platform !== undefined && !isJsonObject(platform)))
      throw new Refusal('malformed-manifest', `the index ${name} lists images in a way that breaks the format`);
    if (platform === undefined || (platform['os'] === 'linux' && platform['architecture'] === 'amd64'))
      chosen ??= descriptor;
  }
  if (chosen === undefined) throw new Refusal('image-not-found', `the index ${name} has no image for linux/amd64`);
  return chosen;
}

function* parsed(bytes: Uint8Array, what: string, counted: (values: number) => void): Slices<unknown> {
  const result = yield* parseJson(bytes, bounds, counted);
  if (!('problem' in result)) return result.value;
  const { problem } = result;
  throw new Refusal(
    problem === 'values' ? 'too-large' : 'malformed-manifest',
    `${what} ${problemText(problem, bounds)}`,
  );
}
