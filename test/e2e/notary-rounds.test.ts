import { attestNotary } from '../../local/signer/notary.ts';
import { makeImage, type NotaryRequest, sign, signNotary } from '../../local/signer/signer.ts';
import { loadCbor } from '../../shared/evidence/notary-signature/cbor.ts';
import type { Digest } from '../../shared/image/digest.ts';
import { makeNotaryChain, signedAt } from '../fixtures/notary.ts';
import { openWorld, pod, policy, review, type World } from './harness.ts';

beforeAll(loadCbor);

const chain = makeNotaryChain();
const stranger = makeNotaryChain();
let made = 0;

/** An image in a world of its own, signed by the team's key, or by a certificate, or by both. */
async function withImage(signed: { readonly cosign?: 'sig' | 'bundle'; readonly notary?: Partial<NotaryRequest> }) {
  const world = await openWorld();
  const repository = 'rounds/app';
  const digest = await makeImage(world.destination, repository, '1', { label: `${made++}` });
  const { cosign: format, notary } = signed;
  if (format !== undefined) await sign(world.destination, { repository, digest, key: world.team, format });
  if (notary !== undefined) {
    await signNotary(world.destination, { repository, digest, signer: chain.signer, signedAt, ...notary });
  }
  const name = `${world.registry.host}/${repository}`;
  return {
    world,
    digest,
    tagged: `${name}:1`,
    pinned: `${name}@${digest}`,
    [Symbol.asyncDispose]: () => world.close(),
  };
}

const byCosign = (world: World) => policy({ images: `${world.registry.host}/rounds/*`, keys: [world.team] });

function byNotary(world: World): string {
  const attestors = [{ entries: [{ certificates: { cert: chain.root.pem } }] }];
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: notary}
spec:
  validationFailureAction: Enforce
  rules:
    - name: notary
      match: {any: [{resources: {kinds: [Pod]}}]}
      verifyImages:
        - imageReferences: ["${world.registry.host}/rounds/*"]
          type: Notary
          attestors: ${JSON.stringify(attestors)}
`;
}

const admit = (world: World, image: string) => world.send('/mutate', review(pod([image])));
const roundsOf = async (world: World, image: string) =>
  (await world.registry.rounds.measure(() => admit(world, image))).rounds;
const referencesOf = (world: World) => world.registry.requests.map(({ reference }) => String(reference));
const tagOf = (digest: Digest) => `${digest.replace(':', '-')}.sig`;

test.each<Partial<NotaryRequest>>([
  {},
  { format: 'cose' },
  { manifest: 'legacy' },
  { format: 'cose', scheme: 'notary.x509', expiry: new Date('2040-01-01T00:00:00Z'), annotations: { env: 'prod' } },
])(
  'a Notary signature takes four rounds by tag, three by digest, and the .sig tag is not asked for: %j',
  async (notary) => {
    await using one = await withImage({ notary });
    one.world.policies(byNotary(one.world));
    expect(await roundsOf(one.world, one.tagged)).toHaveLength(4);
    expect(referencesOf(one.world)).not.toContain(tagOf(one.digest));
    await using other = await withImage({ notary });
    other.world.policies(byNotary(other.world));
    expect(await roundsOf(other.world, other.pinned)).toHaveLength(3);
    expect(await admit(other.world, other.pinned)).toMatchObject({ allowed: true, warnings: [] });
  },
);

test('an attestation with a Notary signature takes two rounds more, and those who ask for none nothing more than its manifest', async () => {
  const type = 'application/vnd.acme.scan+json';
  const asking = ({ registry }: World) => {
    const attestations = [{ type, attestors: [{ entries: [{ certificates: { cert: chain.root.pem } }] }] }];
    const entry = ['type: Notary', `attestations: ${JSON.stringify(attestations)}`];
    return policy({ images: `${registry.host}/rounds/*`, entry });
  };
  const attested = async (signed: Parameters<typeof withImage>[0]) => {
    const one = await withImage(signed);
    const { digest } = one;
    const predicate = Buffer.from('{}');
    const signing = { repository: 'rounds/app', digest, type, predicate, signer: chain.signer, signedAt };
    await attestNotary(one.world.destination, signing);
    return one;
  };
  await using one = await attested({});
  one.world.policies(asking(one.world));
  expect(await roundsOf(one.world, one.tagged)).toHaveLength(6);
  expect(await admit(one.world, one.tagged)).toMatchObject({ allowed: true, warnings: [] });
  await using signed = await attested({ notary: {} });
  signed.world.policies(byNotary(signed.world));
  expect(await roundsOf(signed.world, signed.pinned)).toHaveLength(3);
  await using other = await attested({ cosign: 'sig' });
  other.world.policies(byCosign(other.world));
  expect(await admit(other.world, other.tagged)).toMatchObject({ allowed: true, warnings: [] });
  expect(other.world.registry.requests).toHaveLength(6);
});

test("cosign's signatures take what they took, and one request more for the manifest of a Notary signature beside", async () => {
  const requests = async (signed: Parameters<typeof withImage>[0]) => {
    await using one = await withImage(signed);
    one.world.policies(byCosign(one.world));
    expect(await admit(one.world, one.tagged)).toMatchObject({ allowed: true, warnings: [] });
    return one.world.registry.requests.length;
  };
  expect(await requests({ cosign: 'sig' })).toBe(5);
  expect(await requests({ cosign: 'sig', notary: {} })).toBe(6);
});

test('both are asked for where rules ask for both, and neither makes up for the other', async () => {
  await using one = await withImage({ cosign: 'bundle', notary: {} });
  const { world, pinned } = one;
  world.policies(`${byCosign(world)}---\n${byNotary(world)}`);
  expect(await admit(world, pinned)).toMatchObject({ allowed: true, warnings: [] });

  await using two = await withImage({ notary: {} });
  two.world.policies(`${byCosign(two.world)}---\n${byNotary(two.world)}`);
  const denied = await admit(two.world, two.pinned);
  expect(denied).toMatchObject({ allowed: false });
  expect(JSON.stringify(denied)).toContain('counts nothing else (1 as Notary signatures)');
});

test('a signature by another authority is no signature of theirs, and none is no signature at all', async () => {
  await using foreign = await withImage({ notary: { signer: stranger.signer } });
  foreign.world.policies(byNotary(foreign.world));
  expect(await admit(foreign.world, foreign.pinned)).toMatchObject({ allowed: false });
  await using unsigned = await withImage({ cosign: 'bundle' });
  unsigned.world.policies(byNotary(unsigned.world));
  const denied = await admit(unsigned.world, unsigned.pinned);
  expect(denied).toMatchObject({ allowed: false });
  expect(JSON.stringify(denied)).toContain('no Notary signature is attached to the image');
});
