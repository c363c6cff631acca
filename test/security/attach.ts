import { mediaTypes } from '../../local/registry/store.ts';
import { legacyTag } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import type { AttachedItem, Image } from '../../shared/registry/registry.ts';
import type { World } from '../e2e/harness.ts';
import type { TestSigner } from '../fixtures/signers.ts';

type AnyWorld = Pick<World, 'registry'>;

/** An image of the world's registry with its bytes, as the fixtures sign it. */
export function imageIn(world: AnyWorld, name: string, digest: Digest): Image {
  const bytes = world.registry.store.manifest(name, digest)?.bytes;
  if (bytes === undefined) throw new Error(`${name}@${digest} is not there`);
  return { digest, bytes };
}

/** Attaches what a fixture made to an image: layers under its `.sig` or `.att` tag, or a referrer each. */
export function attachItems(world: AnyWorld, name: string, subject: Digest, items: readonly AttachedItem[]): void {
  const { store } = world.registry;
  for (const [source, suffix] of [['sig-tag', 'sig'] as const, ['att-tag', 'att'] as const]) {
    const tagged = items.filter((item) => item.source === source);
    if (tagged.length > 0) putTag(world, name, subject, suffix, tagged.map(descriptorIn(world, name)));
  }
  for (const { layer, bytes, source } of items) {
    if (source !== 'referrer') continue;
    const { mediaType, annotations } = layer;
    store.attach(name, subject, { artifactType: mediaType, layers: [{ mediaType, bytes, annotations }] });
  }
}

/** Makes descriptors of items whose bytes it stores. */
export function descriptorIn(world: AnyWorld, name: string) {
  return ({ layer: { mediaType, annotations }, bytes }: AttachedItem) => ({
    mediaType,
    size: bytes.length,
    digest: world.registry.store.putBlob(name, bytes) as string,
    annotations,
  });
}

/** Stores a manifest of these layers, whatever they are, under the `.sig` tag of an image. */
export function putSignatureTag(world: AnyWorld, name: string, subject: Digest, layers: readonly unknown[]): void {
  putTag(world, name, subject, 'sig', layers);
}

function putTag(
  world: AnyWorld,
  name: string,
  subject: Digest,
  suffix: 'sig' | 'att',
  layers: readonly unknown[],
): void {
  const config = Buffer.from('{}');
  world.registry.store.putManifest(
    name,
    {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, size: config.length, digest: world.registry.store.putBlob(name, config) },
      layers,
    },
    { tag: legacyTag(subject, suffix) },
  );
}

/** Attestors for a policy: one entry for each signer, the log ignored unless `rekor` says otherwise. */
export function attestorsOf(signers: readonly TestSigner[], rekor: object = { ignoreTlog: true }) {
  return [{ entries: signers.map(({ pem }) => ({ keys: { publicKeys: pem, rekor } })) }];
}
