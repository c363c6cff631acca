import { makeImage, sign } from '../../local/signer/signer.ts';
import { byKey, openWorld, pod, review, type World } from './harness.ts';

/** A policy of two rules that applies one of them: `first` is about images below first/, `second` about all. */
function oneOf(world: World, applyRules: 'One' | 'All'): string {
  const rule = (name: string, images: string, key: unknown) => ({
    name,
    match: { any: [{ resources: { kinds: ['Pod'] } }] },
    verifyImages: [{ imageReferences: [images], attestors: [{ entries: [key] }] }],
  });
  return JSON.stringify({
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name: 'one' },
    spec: {
      validationFailureAction: 'Enforce',
      applyRules,
      rules: [
        rule('first', `${world.registry.host}/first/*`, byKey(world.team)),
        rule('second', `${world.registry.host}/*`, byKey(world.stranger)),
      ],
    },
  });
}

async function withImages() {
  const world = await openWorld();
  for (const repository of ['first/app', 'second/app']) {
    const digest = await makeImage(world.destination, repository, '1', { label: repository });
    await sign(world.destination, { repository, digest, key: world.team });
  }
  return world;
}

const admit = (world: World, ...names: string[]) =>
  world.send('/mutate', review(pod(names.map((name) => `${world.registry.host}/${name}/app:1`))));

test('the first rule that says anything of an object is the last that is asked', async () => {
  await using world = await withImages();
  world.policies(oneOf(world, 'All'));
  expect(await admit(world, 'first')).toMatchObject({ allowed: false });
  world.policies(oneOf(world, 'One'));
  const answer = await admit(world, 'first');
  expect(answer).toMatchObject({ allowed: true, warnings: [] });
  expect(answer.patch[0]?.value).toContain('@sha256:');
  expect(world.records.at(-1)?.images.map(({ rule, reason }) => `${rule} ${reason}`)).toEqual([
    'first verified',
    'second rule-not-reached',
  ]);
});

test('a rule that says nothing of it leaves it to the next, and one that fails it is the last', async () => {
  await using world = await withImages();
  world.policies(oneOf(world, 'One'));
  const denied = await admit(world, 'second');
  expect(denied).toMatchObject({ allowed: false });
  expect(denied.message).toContain('rule second');
});
