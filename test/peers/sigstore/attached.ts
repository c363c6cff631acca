import { expectStatus } from '../wire.ts';

interface Descriptor {
  readonly digest: string;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A layer that a cosign attached, with its bytes. */
export interface AttachedLayer {
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** The layers under an image's `.sig` or `.att` tag. `reference` is by digest, with the registry. */
export async function taggedLayers(reference: string, suffix: 'sig' | 'att'): Promise<AttachedLayer[]> {
  const { url, digest } = parsed(reference);
  return layersOf(url, `${digest.replace(':', '-')}.${suffix}`);
}

/** The bundles among an image's referrers, parsed: of a registry with the referrers API. */
export async function attachedBundles(reference: string): Promise<Record<string, unknown>[]> {
  const { url, digest } = parsed(reference);
  const { body } = await expectStatus(200, 'GET', `${url}/referrers/${digest}`);
  const { manifests } = JSON.parse(body.toString()) as { manifests: Descriptor[] };
  const layers = await Promise.all(manifests.map((each) => layersOf(url, each.digest)));
  return layers.flat().map(({ bytes }) => JSON.parse(bytes.toString()));
}

async function layersOf(url: string, reference: string): Promise<AttachedLayer[]> {
  const accept = 'application/vnd.oci.image.manifest.v1+json';
  const { body } = await expectStatus(200, 'GET', `${url}/manifests/${reference}`, { accept });
  const { layers } = JSON.parse(body.toString()) as { layers: Descriptor[] };
  return Promise.all(
    layers.map(async ({ digest, mediaType, annotations = {} }) => {
      const { body: bytes } = await expectStatus(200, 'GET', `${url}/blobs/${digest}`);
      return { mediaType, annotations, bytes };
    }),
  );
}

function parsed(reference: string): { url: string; digest: string } {
  const [, host, repository, digest = ''] = /^([^/]+)\/(.+)@(.+)$/.exec(reference) ?? [];
  return { url: `http://${host}/v2/${repository}`, digest };
}

/**
 * What a value is made of, without what it says: names and kinds. Base64 of JSON is looked into. Two bundles of the same shape
 * differ in keys, hashes, times and lengths alone.
 */
export function shapeOf(value: unknown): unknown {
  // Of how many it is made is chance: an audit path is as long as its tree is high.
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
  }
  const inside = typeof value === 'string' ? jsonIn(value) : undefined;
  return inside === undefined ? typeof value : shapeOf(inside);
}

function jsonIn(text: string): object | undefined {
  for (const candidate of [text, Buffer.from(text, 'base64').toString()]) {
    if (!candidate.startsWith('{')) continue;
    try {
      return JSON.parse(candidate);
    } catch {}
  }
  return undefined;
}
