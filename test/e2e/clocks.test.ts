import { makeImage, sign } from '../../local/signer/signer.ts';
import { openWorld, pod, policy, review } from './harness.ts';

// What is valid until a time is told by the wall clock, what takes a while by one that nobody sets. A machine that sleeps stops the
// second one; whoever sets the clock moves the first one.

const hour = 3_600_000;

async function signedWorld(elapsed: () => number) {
  const world = await openWorld({ core: { elapsed } });
  const { destination, team: key, registry } = world;
  const digest = await makeImage(destination, 'team/app', 'v1');
  await sign(destination, { repository: 'team/app', digest, key });
  world.policies(policy({ images: `${registry.host}/*`, keys: [key] }));
  const ask = async (timeout = '10s') => {
    registry.requests.length = 0;
    const answer = await world.send('/mutate', review(pod([`${registry.host}/team/app@${digest}`])), { timeout });
    return { allowed: answer.allowed, requests: registry.count() > 0 };
  };
  return { world, ask };
}

test('a machine that slept for two hours believes nothing that was good for one', async () => {
  const { world, ask } = await signedWorld(() => 0);
  expect(await ask()).toEqual({ allowed: true, requests: true });
  expect(await ask()).toEqual({ allowed: true, requests: false });
  world.now += 2 * hour;
  expect(await ask()).toEqual({ allowed: true, requests: true });
  await world.close();
});

test('a clock that is set forward or back in the middle of a review ends nobody’s time', async () => {
  let ticks = 0;
  const { world, ask } = await signedWorld(() => {
    ticks += 1;
    world.now += ticks % 2 === 0 ? 3 * hour : -2 * hour;
    return ticks;
  });
  expect(await ask()).toEqual({ allowed: true, requests: true });
  await world.close();
});
