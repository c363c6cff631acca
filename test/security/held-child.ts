import { setTimeout as wait } from 'node:timers/promises';
import { startRegistry } from '../../local/registry/server.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, pod, policy, review } from '../e2e/harness.ts';

/**
 * `node --expose-gc held-child.ts attached|manifests`: sends reviews that cannot end, each of an image that has much and of one at a host that
 * never answers. Prints JSON: `each`, the MB that a review holds when all that it could do is done, and `asked`, whether its image was.
 */
const reviews = 5;
const mebi = 1024 * 1024;
const [what] = process.argv.slice(2);
const world = await openWorld();
const silent = await startRegistry();
silent.settings.intercept = () => ({ kind: 'hang' });

/** An image with eight signed statements of almost 1 MiB, by somebody else. */
async function withAttached(tag: string): Promise<string> {
  const { destination, registry, stranger: key } = world;
  const digest = await makeImage(destination, 'acme/fat', tag, { label: tag });
  for (let at = 0; at < 8; at += 1) {
    const payload = Buffer.from(
      JSON.stringify({
        _type: 'https://in-toto.io/Statement/v1',
        subject: [{ name: 'x', digest: { sha256: digest.slice('sha256:'.length) } }],
        predicateType: 'https://sigstore.dev/cosign/sign/v1',
        predicate: { at, fill: 'x'.repeat(0.9 * mebi) },
      }),
    );
    await sign(destination, { repository: 'acme/fat', digest, key, format: 'bundle', claim: { payload } });
  }
  return `${registry.host}/acme/fat:${tag}`;
}

/** An image whose manifest has almost 4 MiB. */
function withManifest(tag: string): string {
  const { registry } = world;
  const config = registry.store.putBlob('acme/fat', Buffer.from('{}'));
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: config },
    layers: [],
    annotations: { tag, fill: 'x'.repeat(3.9 * mebi) },
  };
  registry.store.putManifest('acme/fat', manifest, { tag });
  return `${registry.host}/acme/fat:${tag}`;
}

function held(): number {
  for (let time = 0; time < 3; time += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / mebi;
}

world.policies(policy({ images: [`${world.registry.host}/acme/*`, `${silent.host}/*`], keys: [world.team] }));
const images: string[] = [];
for (let at = 0; at < reviews; at += 1) {
  images.push(what === 'attached' ? await withAttached(`${at}`) : withManifest(`${at}`));
}
const asked = () => world.registry.requests.length;
const before = held();
for (const image of images) {
  // One that is resolved first, and one whose digest is known: whatever is held is held while either is waited for.
  const other = what === 'attached' ? `${silent.host}/x@sha256:${'a'.repeat(64)}` : `${silent.host}/x:1`;
  void world.send('/mutate', review(pod([image, other])), { timeout: '30s' });
}
let settled = -1;
let least = Number.POSITIVE_INFINITY;
for (let time = 0; time < 20 && settled !== asked(); time += 1) {
  settled = asked();
  await wait(500);
  least = held();
}
console.log(JSON.stringify({ each: (least - before) / reviews, asked: settled }));
process.exit();
