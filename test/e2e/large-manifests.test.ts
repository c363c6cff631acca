import { type SigningKey, sign } from '../../local/signer/signer.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { about, admit, all, equals } from './attested.ts';
import { openWorld, pod, review, type World } from './harness.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** A manifest of 20 KB: more than a review holds while it waits for other images. */
function push(tag: string): { readonly name: string; readonly digest: Digest } {
  const { registry } = world;
  const data = Buffer.from(JSON.stringify({ config: { Labels: { team: 'shop' } } }));
  const config = registry.store.putBlob('acme/app', data);
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: data.length, digest: config },
    layers: [],
    annotations: { tag, fill: 'x'.repeat(20 * 1024) },
  };
  const digest = registry.store.putManifest('acme/app', manifest, { tag });
  return { name: `${registry.host}/acme/app:${tag}`, digest };
}

/** How often manifests of the image itself were asked for. */
const asked = (...references: readonly string[]) =>
  world.registry.requests.filter(({ path }) => references.some((one) => path.endsWith(`/acme/app/manifests/${one}`)))
    .length;

const signedBy = (key: SigningKey, digest: Digest, format: 'bundle' | 'message-bundle') =>
  sign(world.destination, { repository: 'acme/app', digest, key, format });

describe('an image with a large manifest', () => {
  test.each([
    ['over a statement', 'bundle', 1],
    ['over the manifest itself, which is asked for once more', 'message-bundle', 2],
  ] as const)('is admitted with a signature %s', async (_, format, requests) => {
    const { name, digest } = push('1');
    await signedBy(world.team, digest, format);
    world.policies(about(world));
    expect(await admit(world, name)).toMatchObject({ allowed: true });
    expect(asked('1', digest)).toBe(requests);
  });

  test('is denied with a signature of somebody else over the manifest', async () => {
    const { name, digest } = push('1');
    await signedBy(world.stranger, digest, 'message-bundle');
    world.policies(about(world));
    const answer = await admit(world, name);
    expect(answer).toMatchObject({ allowed: false, code: 403 });
    expect(answer.message).toContain('signature-mismatch');
  });

  test('is asked for once more for all tags that name it', async () => {
    const { name, digest } = push('1');
    await signedBy(world.team, digest, 'message-bundle');
    world.policies(about(world));
    const names = [name, `${name}@${digest}`, `${world.registry.host}/acme/app@${digest}`];
    expect(await world.send('/mutate', review(pod(names)))).toMatchObject({ allowed: true });
    expect(asked('1')).toBe(1);
    expect(asked(digest)).toBeLessThanOrEqual(2);
  });

  test.each([
    ['shop', false],
    ['other', true],
  ])('is looked up by a context: nobody has signed it, and those of %s have to be', async (label, allowed) => {
    const { name } = push('1');
    const context = [{ name: 'looked', imageRegistry: { reference: '{{ request.object.spec.containers[0].image }}' } }];
    const preconditions = all(equals('{{ looked.configData.config.Labels.team }}', label));
    world.policies(about(world, { context, preconditions }));
    expect(await admit(world, name)).toMatchObject({ allowed });
  });
});
